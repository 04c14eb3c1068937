"""Whether a file ends before its own structure says it should. Asked only after a decoder has failed.

A look at lengths and end marks, not a parser: it tells "the end is missing" from "broken inside".
"""

import io
from collections.abc import Callable
from typing import IO

_TAIL_BYTES = 64


def is_cut_short(format_name: str, stream: IO[bytes]) -> bool:
    """True where the end of the file is missing; False where it is there, or where the format does not tell.

    Moves `stream`.
    """
    check = _CHECKS.get(format_name)
    if check is None or stream.closed:
        return False
    size = stream.seek(0, io.SEEK_END)
    return check(stream, size)


def _read_at(stream: IO[bytes], offset: int, count: int) -> bytes:
    stream.seek(offset)
    return stream.read(count)


def _riff_is_short(stream: IO[bytes], size: int) -> bool:
    return int.from_bytes(_read_at(stream, 4, 4), "little") + 8 > size


def _bmp_is_short(stream: IO[bytes], size: int) -> bool:
    return size < 54 or int.from_bytes(_read_at(stream, 10, 4), "little") >= size  # where the pixels start


def _ends_without(mark: bytes) -> Callable[[IO[bytes], int], bool]:
    def check(stream: IO[bytes], size: int) -> bool:
        return mark not in _read_at(stream, max(0, size - _TAIL_BYTES), _TAIL_BYTES)

    return check


def _boxes_are_short(stream: IO[bytes], size: int) -> bool:
    """Walks the top-level boxes of ISO media (HEIF, AVIF, JP2): one that reaches past the end is cut."""
    at = 0
    while at < size:
        head = _read_at(stream, at, 16)
        if len(head) < 8:
            return True
        length = int.from_bytes(head[:4], "big")
        if length == 0:  # "to the end of the file"
            return False
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return False  # broken, not short
        at += length
    return at > size


def _jpeg2000_is_short(stream: IO[bytes], size: int) -> bool:
    if _read_at(stream, 0, 2) == b"\xff\x4f":  # a bare codestream
        return _ends_without(b"\xff\xd9")(stream, size)
    return _boxes_are_short(stream, size)


def _tiff_is_short(stream: IO[bytes], size: int) -> bool:
    order = "little" if _read_at(stream, 0, 2) == b"II" else "big"
    first = int.from_bytes(_read_at(stream, 4, 4), order)  # type: ignore[arg-type] # a Literal in two branches
    return size < 8 or first >= size


_CHECKS: dict[str, Callable[[IO[bytes], int], bool]] = {
    "jpeg": _ends_without(b"\xff\xd9"),
    "png": _ends_without(b"IEND"),
    "gif": _ends_without(b"\x3b"),
    "webp": _riff_is_short,
    "bmp": _bmp_is_short,
    "tiff": _tiff_is_short,
    "jpeg2000": _jpeg2000_is_short,
    "heif": _boxes_are_short,
    "avif": _boxes_are_short,
}
