"""IPTC (IIM) and Photoshop's resources without the place: city, province, country and their like become spaces."""

from media.without_location.bytes_of import Span, Unclear
from media.without_location.xmp import clear_xmp

# Datasets of record 2: content location code and name, city, sublocation, province, country code and name.
_PLACES = frozenset({26, 27, 90, 92, 95, 100, 101})
_MARK = 0x1C
_LONG = 0x8000  # the size is a number of bytes that hold the size

_IPTC, _EXIF, _OTHER_EXIF, _XMP = 0x0404, 0x0422, 0x0423, 0x0424
_RESOURCE = b"8BIM"


def clear_iptc(block: Span) -> None:
    """Overwrite what tells of the place.

    Raises:
        Unclear: it cannot be read to its end.
    """
    at = 0
    while at + 5 <= len(block) and block.data[block.start + at] == _MARK:
        record, dataset = block.number(at + 1, 1, "big"), block.number(at + 2, 1, "big")
        size, head = block.number(at + 3, 2, "big"), 5
        if size & _LONG:
            count = size & ~_LONG
            size, head = block.number(at + 5, min(count, 8), "big"), 5 + count
        value = block.part(at + head, size)
        if record == 2 and dataset in _PLACES:
            value.wipe(b" ")
        at += head + size
    if any(block.after(at).copy().strip(b"\0 ")):
        raise Unclear("IPTC that cannot be read")


def clear_resources(block: Span) -> None:
    """Overwrite what tells of the place in Photoshop's image resources.

    Raises:
        Unclear: they cannot be read to their end.
    """
    from media.without_location.tiff import clear_tiff

    at = 0
    while at + 12 <= len(block) and block.part(at, 4).copy() == _RESOURCE:
        kind, name = block.number(at + 4, 2, "big"), block.number(at + 6, 1, "big")
        head = at + 6 + (name + 2) // 2 * 2
        size = block.number(head, 4, "big")
        value = block.part(head + 4, size)
        if kind == _IPTC:
            clear_iptc(value)
        elif kind == _XMP:
            clear_xmp(value)
        elif kind == _EXIF:
            clear_tiff(value)
        elif kind == _OTHER_EXIF:
            value.wipe()
        at = head + 4 + (size + 1) // 2 * 2
    if any(block.after(at).copy().strip(b"\0 ")):
        raise Unclear("Photoshop's resources cannot be read")
