"""Pictures with metadata written byte by byte, so that damaged fields can be written too."""

import io
import os
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from media.metadata import Metadata, read_metadata

ASCII, SHORT, LONG, RATIONAL, UNDEFINED, BYTE = 2, 3, 4, 5, 7, 1


@dataclass(frozen=True)
class Tag:
    number: int
    kind: int
    count: int
    data: bytes


def text(number: int, value: str | bytes) -> Tag:
    data = (value.encode() if isinstance(value, str) else value) + b"\0"
    return Tag(number, ASCII, len(data), data)


def short(number: int, value: int) -> Tag:
    return Tag(number, SHORT, 1, struct.pack("<H", value))


def undefined(number: int, value: bytes) -> Tag:
    return Tag(number, UNDEFINED, len(value), value)


def utf16(number: int, value: str) -> Tag:
    data = value.encode("utf-16-le") + b"\0\0"
    return Tag(number, BYTE, len(data), data)


def rationals(number: int, *pairs: tuple[int, int]) -> Tag:
    return Tag(number, RATIONAL, len(pairs), b"".join(struct.pack("<LL", *pair) for pair in pairs))


def exif_block(main: list[Tag], exif: list[Tag] | None = None, gps: list[Tag] | None = None) -> bytes:
    """A little-endian EXIF block: IFD0, and behind it the EXIF and GPS directories where given."""
    main = list(main)
    parts = [(0x8769, exif), (0x8825, gps)]
    main += [Tag(number, LONG, 1, b"\0\0\0\0") for number, tags in parts if tags is not None]
    first = _directory(main, 8)
    at = 8 + len(first)
    tail = b""
    for number, tags in parts:
        if tags is None:
            continue
        index = next(i for i, tag in enumerate(main) if tag.number == number)
        main[index] = Tag(number, LONG, 1, struct.pack("<L", at + len(tail)))
        tail += _directory(tags, at + len(tail))
    return b"Exif\0\0II*\0\x08\0\0\0" + _directory(main, 8) + tail


def _directory(tags: list[Tag], at: int) -> bytes:
    out, extra = struct.pack("<H", len(tags)), b""
    data_at = at + 2 + 12 * len(tags) + 4
    for tag in tags:
        value = tag.data.ljust(4, b"\0")
        if len(tag.data) > 4:
            value = struct.pack("<L", data_at + len(extra))
            extra += tag.data + b"\0" * (len(tag.data) % 2)
        out += struct.pack("<HHL", tag.number, tag.kind, tag.count) + value
    return out + b"\0\0\0\0" + extra


def iptc_field(dataset: int, value: str | bytes, record: int = 2) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">BBBH", 0x1C, record, dataset, len(data)) + data


def xmp_packet(properties: str = "", attributes: str = "") -> bytes:
    """A packet with these elements and attributes in its only description."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
        f' xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" {attributes}>{properties}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def jpeg(*, exif: bytes = b"", xmp: bytes = b"", iptc: bytes = b"", size: tuple[int, int] = (8, 6)) -> bytes:
    """A small grey JPEG with these blocks."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "grey").save(buffer, "JPEG")
    segments = b""
    if exif:
        segments += _segment(0xE1, exif)
    if xmp:
        segments += _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    if iptc:
        resource = b"8BIM\x04\x04\0\0" + struct.pack(">L", len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
        segments += _segment(0xED, b"Photoshop 3.0\0" + resource)
    return b"\xff\xd8" + segments + buffer.getvalue()[2:]


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def read_file(path: Path) -> Metadata:
    """The metadata of a picture on disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow looks into the EXIF block itself when it opens a JPEG
        image = Image.open(path)
    with image:
        return read_metadata(image, path=os.fsencode(path), stat=path.stat())


def read_bytes(data: bytes, folder: Path, name: str = "photo.jpg") -> Metadata:
    """The metadata of a picture of these bytes, as `name` in the folder."""
    path = folder / name
    path.write_bytes(data)
    return read_file(path)
