"""EXIF: what the camera wrote, read through Pillow's parser one field at a time."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, SupportsFloat

from PIL.ExifTags import GPS, IFD, Base

from media.metadata.boundary import attempt
from media.metadata.camera import camera_of
from media.metadata.clock import moment_of, parse_clock
from media.metadata.found import NOTHING, Found, Moment, Position
from media.metadata.places import degrees_of, position_of
from media.metadata.texts import captions_of, decode_text, mend_latin, name_of

if TYPE_CHECKING:
    from PIL import Image

Tags = Mapping[int, object]

_CHARSET_BYTES = 8  # what UserComment begins with
_CHARSETS = ("ASCII\0\0\0", "UNICODE\0", "JIS\0\0\0\0\0")
_XP_TEXTS = (Base.XPTitle, Base.XPSubject, Base.XPComment)  # Windows Explorer's, UTF-16


def read_exif(image: "Image.Image") -> tuple[int, Found]:
    """The turn that Pillow's pixels still need (1 to 8), and what the EXIF block says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of damaged blocks; dropped fields are our answer
        tags = attempt(_tags_of, None, image)
        if not tags:
            return 1, NOTHING
        return _orientation_of(image, tags), _found_in(tags)


def _tags_of(image: "Image.Image") -> "Image.Exif":
    from PIL import Image

    # The base class's method: PNG's own decodes the whole picture to look for a block behind the pixels.
    return Image.Image.getexif(image)


def _orientation_of(image: "Image.Image", tags: Tags) -> int:
    """1 for HEIF and TIFF, whose pixels come turned from the decoder."""
    if image.format in {"HEIF", "TIFF"}:
        return 1
    value = attempt(tags.get, None, Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _found_in(tags: "Image.Exif") -> Found:
    nothing: Tags = {}
    exif: Tags = attempt(tags.get_ifd, nothing, IFD.Exif)
    gps: Tags = attempt(tags.get_ifd, nothing, IFD.GPSInfo)
    make, model = _text(tags, Base.Make), _text(tags, Base.Model)
    captions = captions_of(
        [
            _text(tags, Base.ImageDescription),
            *(attempt(_utf16, "", tags, tag) for tag in _XP_TEXTS),
            attempt(_user_comment, "", exif.get(Base.UserComment), tags.endian),
            attempt(_utf16, "", tags, Base.XPKeywords).replace(";", ", "),
        ]
    )
    camera_names = {name_of(make), name_of(model)}  # some cameras describe a picture by their own name
    return Found(
        taken=_taken(exif),
        changed=_clock(
            tags, Base.DateTime, subseconds=_text(exif, Base.SubsecTime), offset=_text(exif, Base.OffsetTime)
        )
        or attempt(_satellite_time, None, gps),
        camera=camera_of(make, model),
        lens=name_of(_text(exif, Base.LensModel)),
        position=attempt(_position, None, gps),
        captions=tuple(text for text in captions if text not in camera_names),
    )


def _text(tags: Tags, tag: int) -> str:
    value = attempt(tags.get, None, tag)
    if isinstance(value, bytes):
        return decode_text(value.split(b"\0", 1)[0])
    return mend_latin(value.split("\0", 1)[0]) if isinstance(value, str) else ""


def _taken(exif: Tags) -> Moment | None:
    whole = _text(exif, Base.OffsetTime)
    return _clock(
        exif,
        Base.DateTimeOriginal,
        subseconds=_text(exif, Base.SubsecTimeOriginal),
        offset=_text(exif, Base.OffsetTimeOriginal) or whole,
    ) or _clock(
        exif,
        Base.DateTimeDigitized,
        subseconds=_text(exif, Base.SubsecTimeDigitized),
        offset=_text(exif, Base.OffsetTimeDigitized) or whole,
    )


def _clock(tags: Tags, tag: int, *, subseconds: str, offset: str) -> Moment | None:
    return parse_clock(_text(tags, tag), subseconds=subseconds, offset=offset)


def _satellite_time(gps: Tags) -> Moment | None:
    """The date and time of the fix, at UTC."""
    day = parse_clock(_text(gps, GPS.GPSDateStamp))
    hour, minute, second = _numbers(gps.get(GPS.GPSTimeStamp))
    if day is None:
        return None
    date = day.local.timetuple()[:3]
    local = moment_of((*date, int(hour), int(minute), int(second)))
    return None if local is None else Moment(local, 0)


def _position(gps: Tags) -> Position | None:
    latitude = degrees_of(_numbers(gps.get(GPS.GPSLatitude)), _text(gps, GPS.GPSLatitudeRef))
    longitude = degrees_of(_numbers(gps.get(GPS.GPSLongitude)), _text(gps, GPS.GPSLongitudeRef))
    return position_of(latitude, longitude)


def _numbers(value: object) -> list[float]:
    if value is None:
        return []
    parts = value if isinstance(value, tuple) else (value,)
    return [float(part) for part in parts if isinstance(part, SupportsFloat)]


def _utf16(tags: Tags, tag: int) -> str:
    value = tags.get(tag)
    data = bytes(value) if isinstance(value, tuple) else value
    return data.decode("utf-16-le", "ignore").split("\0", 1)[0] if isinstance(data, bytes) else ""


def _user_comment(value: object, endian: str | None) -> str:
    """The comment behind its eight bytes of charset; bytes that are no text of that charset give nothing."""
    if isinstance(value, str):  # some cameras call the field a text, which Pillow reads as Latin-1
        if not value.startswith(_CHARSETS):
            return mend_latin(value.split("\0", 1)[0])
        value = value.encode("latin-1")
    if not isinstance(value, bytes):
        return ""
    charset, data = value[:_CHARSET_BYTES].rstrip(b"\0 "), value[_CHARSET_BYTES:]
    if charset == b"UNICODE":
        return _either_utf16(data, endian)
    if charset == b"JIS":
        return data.decode("iso2022_jp").split("\0", 1)[0]
    if charset == b"ASCII":
        return decode_text(data.split(b"\0", 1)[0])
    # Undefined charset, or none written at all: believed only where it is UTF-8.
    return (data if not charset else value).decode("utf-8").split("\0", 1)[0]


def _either_utf16(data: bytes, endian: str | None) -> str:
    """UTF-16 by its mark, else the byte order with more ASCII in it, else that of the EXIF block."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "ignore").split("\0", 1)[0]
    orders = ("utf-16-be", "utf-16-le") if endian == ">" else ("utf-16-le", "utf-16-be")
    texts = [data.decode(order, "ignore").split("\0", 1)[0] for order in orders]
    return max(texts, key=lambda text: sum(character.isascii() for character in text))
