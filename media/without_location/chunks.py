"""PNG, WebP and GIF without the place: their chunks one by one; those nobody knows are left out."""

import struct
import zlib
from collections.abc import Iterator

from media.without_location.bytes_of import Span, Unclear
from media.without_location.tiff import clear_tiff
from media.without_location.xmp import clear_xmp, hints_at_place

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV mDCv cLLI cLLi sBIT bKGD hIST pHYs sPLT tIME"
    b" acTL fcTL fdAT".split()
)
_PNG_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PNG_XMP = b"XML:com.adobe.xmp\0\0\0"  # not compressed
_EXIF = b"Exif\0\0"
_WEBP_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_XMP_END = bytes([1, *range(255, -1, -1), 0])


def clear_png(data: bytearray) -> None:
    """Raises Unclear where it is not put together as a PNG is."""
    out = bytearray(_PNG)
    for kind, span in _png_chunks(data):
        content = _png_chunk(kind, span)
        if content is not None:
            body = kind + content
            out += struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    data[:] = out


def _png_chunks(data: bytearray) -> Iterator[tuple[bytes, Span]]:
    if not data.startswith(_PNG):
        raise Unclear("no PNG")
    whole, at, kind = Span(data, 0, len(data)), len(_PNG), b""
    while kind != b"IEND" and at < len(data):
        length, kind = whole.number(at, 4, "big"), whole.part(at + 4, 4).copy()
        yield kind, whole.part(at + 8, length)
        at += 12 + length


def _png_chunk(kind: bytes, span: Span) -> bytes | None:
    """What is left of a chunk; None: nothing."""
    if kind in _PNG_KEPT:
        return span.copy()
    if kind == b"eXIf":
        clear_tiff(span.after(len(_EXIF) if span.starts_with(_EXIF) else 0))
        return span.copy()
    if kind in _PNG_TEXTS:
        return _png_text(kind, span)
    return None


def _png_text(kind: bytes, span: Span) -> bytes | None:
    keyword, _, text = span.copy().partition(b"\0")
    if kind == b"iTXt" and span.starts_with(_PNG_XMP):
        end = span.data.find(b"\0", span.data.find(b"\0", span.start + len(_PNG_XMP)) + 1, span.end)
        if end >= 0:  # behind the language and the translated keyword
            clear_xmp(Span(span.data, end + 1, span.end))
            return span.copy()
    plain = kind == b"tEXt" or (kind == b"iTXt" and text[:1] == b"\0")
    told = hints_at_place(keyword) or keyword.lower().startswith((b"raw profile", b"xml:"))
    return span.copy() if plain and not told and not hints_at_place(text) else None


def clear_webp(data: bytearray) -> None:
    """Raises Unclear where it is not put together as a WebP is."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise Unclear("no WebP")
    whole = Span(data, 0, min(len(data), 8 + int.from_bytes(data[4:8], "little")))
    out, at = bytearray(b"WEBP"), 12
    while at + 8 <= len(whole):
        kind, length = whole.part(at, 4).copy(), whole.number(at + 4, 4, "little")
        span = whole.part(at + 8, length)
        if kind == b"EXIF":
            clear_tiff(span.after(len(_EXIF) if span.starts_with(_EXIF) else 0))
        elif kind == b"XMP ":
            clear_xmp(span)
        if kind in _WEBP_KEPT or kind in {b"EXIF", b"XMP "}:
            out += kind + struct.pack("<I", length) + span.copy() + bytes(length % 2)
        at += 8 + length + length % 2
    data[:] = b"RIFF" + struct.pack("<I", len(out)) + out


def clear_gif(data: bytearray) -> None:
    """Raises Unclear where its XMP has no end."""
    while (at := data.find(_GIF_XMP)) >= 0:
        end = data.find(_GIF_XMP_END, at)
        if end < 0:
            raise Unclear("XMP without an end")
        del data[at : end + len(_GIF_XMP_END)]
