"""One file, opened with care and read once: its bytes, their hash, and whether it changed meanwhile.

Only regular files are opened; a FIFO or a device never blocks. Knows nothing of pictures.
"""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from core.errors import PictureProblem, ProblemKind

IN_MEMORY_BYTES = 64 * 1024 * 1024  # a file up to this size is read once, hashed and decoded from memory
_CHUNK = 1024 * 1024
_HEADER_BYTES = 4096
_HASH_BYTES = 32
# Each exists on some platforms only: no wait on a FIFO, no inheritance, no terminal taken over, no newline tricks.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY"))


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An open file: `stream` gives its bytes from the start, `stat` is what it was when opened."""

    path: bytes
    stat: os.stat_result
    stream: IO[bytes]
    content_hash: bytes  # blake2b, 32 bytes, of all of it

    @property
    def size_bytes(self) -> int:
        """How long the file was when it was opened."""
        return self.stat.st_size

    @property
    def in_memory(self) -> bool:
        """Whether all of it was read already."""
        return isinstance(self.stream, io.BytesIO)

    def header(self, count: int) -> bytes:
        """The first bytes, without moving on."""
        self.stream.seek(0)
        first = self.stream.read(count)
        self.stream.seek(0)
        return first


def _admit_all(size: int, header: bytes) -> None:
    """No file is turned away."""


@contextmanager
def handed_source(data: bytes) -> Iterator[SourceFile]:
    """Bytes that somebody handed over, as if they were a file; it has no path and no time.

    Raises:
        PictureProblem: EMPTY.
    """
    if not data:
        raise PictureProblem(ProblemKind.EMPTY, "there is not a single byte")
    digest = hashlib.blake2b(data, digest_size=_HASH_BYTES).digest()
    yield SourceFile(b"", _stat_of(len(data)), io.BytesIO(data), digest)


def _stat_of(size: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, size, 0, 0, 0))


@contextmanager
def open_source(
    path: bytes, *, hashed: bool = True, admit: Callable[[int, bytes], object] = _admit_all
) -> Iterator[SourceFile]:
    """Opens a regular file, reads and hashes it, and closes it at the end.

    Args:
        path: absolute, os.fsencode.
        hashed: False leaves `content_hash` empty and reads nothing ahead (a preview needs no hash).
        admit: told the size and the first bytes of a file that is not small before all of it is read: a disk image
            without an extension may be anything. Raises what is wrong with it.

    Raises:
        PictureProblem: NOT_A_PICTURE for what is no regular file, EMPTY, CHANGED_WHILE_READING.
        OSError: as the system says it (see `problems`).
    """
    with open_regular(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size == 0:
            raise PictureProblem(ProblemKind.EMPTY, "the file is empty")
        stream, digest = _read(file, before.st_size, admit) if hashed else (file, b"")
        try:
            yield SourceFile(path, before, stream, digest)
        except Exception:
            _require_unchanged(path, before, os.fstat(file.fileno()))  # a file written to meanwhile is not broken
            raise
        _require_unchanged(path, before, os.fstat(file.fileno()))


def open_regular(path: bytes) -> BinaryIO:
    """A regular file, open for reading.

    Raises:
        PictureProblem: NOT_A_PICTURE for what is none.
        OSError: as the system says it.
    """
    _require_regular(os.stat(path).st_mode)  # noqa: PTH116 - bytes; before open(), which devices may mind
    file = os.fdopen(os.open(path, _FLAGS), "rb", buffering=_CHUNK)
    try:
        _require_regular(os.fstat(file.fileno()).st_mode)
    except PictureProblem:
        file.close()
        raise
    return file


def hash_of(file: BinaryIO) -> bytes:
    """The hash of all of an open file, blake2b, 32 bytes; it stands at its beginning then."""
    file.seek(0)
    hasher = hashlib.blake2b(digest_size=_HASH_BYTES)
    while chunk := file.read(_CHUNK):
        hasher.update(chunk)
    file.seek(0)
    return hasher.digest()


def _require_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise PictureProblem(ProblemKind.NOT_A_PICTURE, "not a regular file")


def _read(file: IO[bytes], size: int, admit: Callable[[int, bytes], object]) -> tuple[IO[bytes], bytes]:
    """The bytes in memory where they are few, else the file itself; and the hash of them all."""
    hasher = hashlib.blake2b(digest_size=_HASH_BYTES)
    if size <= IN_MEMORY_BYTES:
        data = file.read(size + 1)
        if len(data) != size:
            raise _changed(f"it had {size} bytes, then {len(data)}")
        hasher.update(data)
        return io.BytesIO(data), hasher.digest()
    admit(size, file.read(_HEADER_BYTES))
    file.seek(0)
    while chunk := file.read(_CHUNK):
        hasher.update(chunk)
    if file.tell() != size:
        raise _changed(f"it had {size} bytes, then {file.tell()}")
    file.seek(0)
    return file, hasher.digest()


def _require_unchanged(path: bytes, before: os.stat_result, after: os.stat_result) -> None:
    try:
        named = os.stat(path)  # noqa: PTH116 - bytes
    except FileNotFoundError as error:
        raise PictureProblem(ProblemKind.VANISHED, "the file vanished while it was read") from error
    for now, what in ((after, "it was written to"), (named, "another file took its place or it was written to")):
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino):
            raise _changed(what)


def _changed(how: str) -> PictureProblem:
    return PictureProblem(ProblemKind.CHANGED_WHILE_READING, f"the file changed while it was read: {how}")
