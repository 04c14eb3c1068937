"""The files of pictures, opened only as what was indexed: whatever took a file's place since then is never handed out.

A path says nothing of what lies there now: a link may have been turned elsewhere since. The bytes decide: their hash
must be the one that was indexed, so that nothing can be read through the library that is not part of it.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from core.errors import PictureProblem, ProblemKind
from core.placeholders import is_online_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import PictureFile
    from media import Rewritten

_MOST_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Original:
    """A picture's own file, open at its beginning. Whoever asked for it closes it."""

    file: BinaryIO
    size: int  # bytes
    path: bytes
    format: str | None  # by its content: one of media's names
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class FileWithoutLocation:
    """A picture's file, rewritten."""

    rewritten: Rewritten
    path: bytes  # of the file it was made from
    content_hash: bytes


class Originals:
    """Opens files as what was indexed. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[int, ...], bytes] = {}  # what a file is told by, and its hash

    def open(self, file: PictureFile, content_hash: bytes) -> Original:
        """The file, where its bytes are those that were indexed. They are read once; a file that stays is remembered.

        Raises:
            PictureProblem: it is out of reach, or another one.
        """
        from media import open_regular, sniff

        require_on_disk(file.path)
        with _told():
            opened = open_regular(file.path)
        try:
            with _told():
                size = os.fstat(opened.fileno()).st_size
                _require(file.size in {None, size} and self._hash_of(opened) == content_hash)
                kind = sniff(opened.read(64))
                opened.seek(0)
        except BaseException:
            opened.close()
            raise
        return Original(opened, size, file.path, kind, content_hash)

    def _hash_of(self, opened: BinaryIO) -> bytes:
        from media import hash_of

        found = os.fstat(opened.fileno())
        told_by = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        with self._lock:
            known = self._known.get(told_by)
        if known is not None:
            return known
        seen = hash_of(opened)
        with self._lock:
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[told_by] = seen
        return seen


def require_on_disk(path: bytes) -> None:
    """Looking must not fetch what a cloud keeps elsewhere.

    Raises:
        PictureProblem: VANISHED, PERMISSION, ONLINE_ONLY.
    """
    with _told():
        found = os.stat(path)  # noqa: PTH116 - bytes
    if is_online_only(found):
        raise PictureProblem(ProblemKind.ONLINE_ONLY, "the file is in the cloud, and here in name only")


def known_hash(content_hash: bytes | None) -> bytes:
    """The hash of a picture whose file was read.

    Raises:
        PictureProblem: it was not.
    """
    if content_hash is None:
        raise PictureProblem(
            ProblemKind.VANISHED,
            "the library has this picture's vector only, its file was never read: index its folder",
        )
    return content_hash


def _require(is_what_was_indexed: bool) -> None:
    if not is_what_was_indexed:
        raise PictureProblem(
            ProblemKind.CHANGED_WHILE_READING, "the file is another than when it was indexed: index it again"
        )


@contextmanager
def _told() -> Iterator[None]:
    """What the system says of a file, in our words."""
    try:
        yield
    except PermissionError as error:
        raise PictureProblem(ProblemKind.PERMISSION, "no permission to read the file") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PictureProblem(ProblemKind.VANISHED, "the file is out of reach: is its drive connected?") from error
    except OSError as error:
        reason = f"the file could not be read: {error.strerror or 'input/output error'}"
        raise PictureProblem(ProblemKind.IO_ERROR, reason) from error
