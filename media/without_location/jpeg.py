"""JPEG without the place: segment by segment, those nobody knows emptied; pictures behind the first one likewise."""

import re

from media.without_location.bytes_of import Span, Unclear
from media.without_location.iptc import clear_resources
from media.without_location.tiff import clear_tiff
from media.without_location.xmp import clear_xmp, hints_at_place

_START = b"\xff\xd8"
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_SOI, _EOI, _SOS, _COM, _TEM = 0xD8, 0xD9, 0xDA, 0xFE, 0x01
_APP0, _APP15 = 0xE0, 0xEF
_RESTARTS = range(0xD0, 0xD8)
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in pixels, FF is followed by 0 or is a restart

# What tells of colours and of how the parts of a file fit together, and never of a place.
_HARMLESS = (
    (0xE0, b"JFIF\0"),
    (0xE0, b"JFXX\0"),
    (0xE2, b"ICC_PROFILE\0"),
    (0xE2, b"MPF\0"),
    (0xE2, b"urn:iso:std:iso:ts:21496"),  # gain maps
    (0xEE, b"Adobe"),
)
_MOST_PICTURES = 16


def clear_jpeg(data: bytearray) -> None:
    """Overwrite what tells of the place; what follows the last picture (a video, a maker's data) is cut off.

    Raises:
        Unclear: it is not put together as a JPEG is.
    """
    at = 0
    for _ in range(_MOST_PICTURES):
        at = _picture(Span(data, at, len(data)))
        following = at + len(data[at:]) - len(data[at:].lstrip(b"\0"))
        if not data.startswith(_START + b"\xff", following):
            break
        at = following
    del data[at:]


def clear_small_jpeg(span: Span) -> None:
    """A JPEG inside something else; what follows it is overwritten."""
    end = _picture(span)
    Span(span.data, end, span.end).wipe()


def _picture(span: Span) -> int:
    """Clear one picture; where it ends in the file."""
    data, at = span.data, span.start + 2
    if not span.starts_with(_START):
        raise Unclear("no JPEG")
    more_xmp: list[Span] = []
    while at < span.end:
        marker, at = _marker(data, at, span.end)
        if marker == _EOI:
            break
        if marker in _RESTARTS or marker in {_SOI, _TEM}:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > span.end:
            raise Unclear("a segment leads past the end")
        payload = Span(data, at + 2, at + length)
        if payload.starts_with(_MORE_XMP) and marker == 0xE1:
            more_xmp.append(payload)
        else:
            _segment(marker, payload)
        at += length
        if marker == _SOS:
            found = _NEXT_MARKER.search(data, at, span.end)
            at = found.start() if found else span.end
    _clear_more_xmp(more_xmp)
    return min(at, span.end)


def _marker(data: bytearray, at: int, end: int) -> tuple[int, int]:
    """The marker here, and where its segment begins."""
    if data[at] != 0xFF:
        raise Unclear("no marker where one must be")
    while at < end and data[at] == 0xFF:
        at += 1
    if at >= end:
        raise Unclear("it ends within a marker")
    return data[at], at + 1


def _segment(marker: int, payload: Span) -> None:
    if marker == _COM:
        if hints_at_place(payload.copy()):
            payload.wipe(b" ")
    elif marker == 0xE1 and payload.starts_with(_EXIF):
        clear_tiff(payload.after(len(_EXIF)))
    elif marker == 0xE1 and payload.starts_with(_XMP):
        clear_xmp(payload.after(len(_XMP)))
    elif marker == 0xED and payload.starts_with(_PHOTOSHOP):
        _photoshop(payload.after(len(_PHOTOSHOP)))
    elif _APP0 <= marker <= _APP15 and not any(marker == m and payload.starts_with(p) for m, p in _HARMLESS):
        payload.wipe()


def _photoshop(block: Span) -> None:
    """Resources that go on in a further segment cannot be read one by one."""
    try:
        clear_resources(block)
    except Unclear:
        block.wipe()


def _clear_more_xmp(payloads: list[Span]) -> None:
    """The long part of a packet, in pieces: depth maps and the like, and possibly anything."""
    pieces = [payload.after(len(_MORE_XMP) + 40) for payload in payloads]  # a digest, a length, an offset
    if hints_at_place(b"".join(piece.copy() for piece in pieces)):
        for piece in pieces:
            piece.wipe(b" ")
