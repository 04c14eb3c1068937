"""XMP without the place: properties that tell of it become spaces; a packet that stays unclear becomes spaces whole."""

import re
from typing import TYPE_CHECKING

from media.without_location.bytes_of import Span

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The names of properties that tell of a place, whatever namespace a program puts them into: exif:GPSLatitude,
# photoshop:City, Iptc4xmpExt:LocationCreated, drone-dji:GpsLongitude, geo:lat, GettyImagesGIFT:…, digiKam's.
_NAME = (
    r"(?:[\w.-]*(?:gps|latitude|longitude|altitude|location|geotag|geocode|geoname|country|province)[\w.-]*"
    r"|city|state|sublocation|worldregion|placename|lat|long|lon)"
)
_IS_NAME = re.compile(_NAME, re.IGNORECASE)
_ATTRIBUTE = re.compile(rf"\s(?:[\w.-]+:)?{_NAME}\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')".encode(), re.IGNORECASE)
_ELEMENT = re.compile(
    rf"<((?:[\w.-]+:)?{_NAME})(?:\s[^<>]*)?(?:/>|(?<!/)>.*?</\1\s*>)".encode(), re.IGNORECASE | re.DOTALL
)
_HINT = re.compile(rb"gps|latitude|longitude|altitude|location|geo|city|country|province|state", re.IGNORECASE)
_LARGEST = 2 << 20  # bytes of a packet that is looked into


def clear_xmp(packet: Span) -> None:
    """Overwrite what tells of the place; the packet keeps its length."""
    text = packet.copy()
    if _HINT.search(text.replace(b"\0", b"")) is None:  # also as UTF-16
        return
    cleared = text
    if len(text) <= _LARGEST:
        for pattern in (_ELEMENT, _ATTRIBUTE):
            cleared = pattern.sub(lambda found: b" " * len(found[0]), cleared)
    packet.write(cleared if _tells_nothing(cleared) else b" " * len(text))


def hints_at_place(text: bytes) -> bool:
    """Whether these bytes may be a part of a packet that tells of a place."""
    return _HINT.search(text.replace(b"\0", b"")) is not None


def _tells_nothing(packet: bytes) -> bool:
    """Whether it can be read, and no name in it tells of a place."""
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(packet.decode("utf-8").strip("\0 \r\n\t\ufeff"), forbid_dtd=True)
    except Exception:  # noqa: BLE001 - whatever keeps it from being read
        return False
    names = (name for element in root.iter() for name in (element.tag, *element.attrib))
    return not any(_IS_NAME.fullmatch(str(name).rpartition("}")[2]) for name in names)
