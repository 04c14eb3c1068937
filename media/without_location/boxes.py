"""HEIC and AVIF without the place: EXIF and XMP items are overwritten where they lie; boxes nobody knows emptied."""

from collections.abc import Iterator
from dataclasses import dataclass

from media.without_location.bytes_of import Span, Unclear
from media.without_location.tiff import clear_tiff
from media.without_location.xmp import clear_xmp

_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_TYPE = b"application/rdf+xml"
_KEPT = frozenset({b"ftyp", b"mdat", b"meta", b"moov"})
_IN_FILE, _IN_IDAT = 0, 1


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing in the file: a picture, a part of one, EXIF, XMP."""

    kind: bytes
    content_type: bytes  # of those of kind "mime"


def clear_boxes(data: bytearray) -> None:
    """Overwrite what tells of the place.

    Raises:
        Unclear: it is not put together as such files are, or has a film inside.
    """
    for kind, span in _boxes(Span(data, 0, len(data))):
        if kind == b"meta":
            _clear_items(data, span.after(4))
        elif kind == b"moov":
            text = span.copy()
            if b"udta" in text or b"meta" in text or b"uuid" in text:
                raise Unclear("a film with notes of its own")
        elif kind == b"uuid" and span.starts_with(_XMP_BOX):
            clear_xmp(span.after(len(_XMP_BOX)))
        elif kind not in _KEPT:
            span.wipe()


def _boxes(span: Span) -> Iterator[tuple[bytes, Span]]:
    at = 0
    while at + 8 <= len(span):
        length, kind, head = span.number(at, 4, "big"), span.part(at + 4, 4).copy(), 8
        if length == 1:
            length, head = span.number(at + 8, 8, "big"), 16
        elif length == 0:  # to the end
            length = len(span) - at
        if length < head:
            raise Unclear("a box that is smaller than its own head")
        yield kind, span.part(at + head, length - head)
        at += length


def _clear_items(data: bytearray, meta: Span) -> None:
    parts = dict(_boxes(meta))
    if b"iinf" not in parts or b"iloc" not in parts:
        raise Unclear("nothing says what is in the file")
    for kind in (b"uuid", b"udta", b"free", b"skip"):
        if kind in parts:
            parts[kind].wipe()
    items = dict(_items(parts[b"iinf"]))
    for number, method, extents in _places(parts[b"iloc"]):
        item = items.get(number)
        if item is None or item.kind not in {b"Exif", b"mime", b"uri "}:
            continue
        within = _within(method, data, parts)
        _clear_item(item, [within.part(at, length) for at, length in extents])


def _within(method: int, data: bytearray, parts: dict[bytes, Span]) -> Span:
    """What an item's offsets are counted in."""
    if method == _IN_FILE:
        return Span(data, 0, len(data))
    if method == _IN_IDAT and b"idat" in parts:
        return parts[b"idat"]
    raise Unclear("an item that lies elsewhere")


def _clear_item(item: _Item, extents: list[Span]) -> None:
    if item.kind == b"Exif" and len(extents) == 1:
        (block,) = extents
        clear_tiff(block.after(4 + block.number(0, 4, "big")))
    elif item.kind == b"mime" and item.content_type == _XMP_TYPE and len(extents) == 1:
        clear_xmp(extents[0])
    elif item.kind == b"Exif":
        raise Unclear("EXIF in pieces")
    else:
        for extent in extents:
            extent.wipe()


def _items(iinf: Span) -> Iterator[tuple[int, _Item]]:
    wide = iinf.number(0, 1, "big") > 0
    for kind, span in _boxes(iinf.after(8 if wide else 6)):
        version = span.number(0, 1, "big")
        if kind != b"infe" or version not in {2, 3}:
            raise Unclear("items of an unknown kind")
        width = 4 if version == 3 else 2
        number, head = span.number(4, width, "big"), 4 + width + 2
        texts = span.after(head + 4).copy().split(b"\0")
        yield number, _Item(span.part(head, 4).copy(), texts[1] if len(texts) > 1 else b"")


def _places(iloc: Span) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Per item: its number, what its offsets are counted in, and (offset, length) of each of its pieces."""
    reader = _Reader(iloc)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(reader.take(wide)):
        number = reader.take(wide)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)  # in which file: another one is nothing of ours
        start = reader.take(base)
        extents = []
        for _ in range(reader.take(2)):
            reader.take(index if version else 0)
            extents.append((start + reader.take(offset), reader.take(length)))
        yield number, method, extents


class _Reader:
    """Numbers, one after the other."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._at = 0

    def take(self, count: int) -> int:
        """The next, of so many bytes; 0 where it has none."""
        number = self._span.number(self._at, count, "big") if count else 0
        self._at += count
        return number
