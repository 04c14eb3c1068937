"""Pictures drawn small, kept by content: derived, bounded, what was unused longest goes first.

A cache and nothing more: a full disk or a library that is read-only costs time and never an answer, so nothing here
raises. `forget` drops what it holds of a picture (db/forget.py knows the layout).
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from db.bounded import BoundedFolder, write_whole

FOLDER = "thumbnails"
_MAKING = 1  # raised when they are made in another way: older ones are then never found, and go in time
_USED_S = 3600.0  # a use is noted so seldom: looking at pictures should not write to the disk
_TRY_AGAIN_S = 60.0  # after nothing could be written
_HEADER_BYTES = 12


class ThumbnailCache:
    """Thumbnails as <library>/thumbnails/<ab>/<content hash>-<side>-<making>.webp. For any thread.

    Args:
        library: the library's folder; where there is none, nothing is kept.
        max_bytes: of all of them together; 0: nothing is kept nor read.
        clock: seconds that go on.
    """

    def __init__(self, library: Path, max_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = library / FOLDER
        self._bounded = BoundedFolder(self._folder, "*/", max_bytes)
        self._max_bytes = max_bytes
        self._library = library
        self._clock = clock
        self._written_from = 0.0  # on that clock: since then it can be written, as far as is known
        self._lock = threading.Lock()

    def get(self, content_hash: bytes, side: int) -> bytes | None:
        """The WebP; None where there is none, or it is damaged."""
        if not self._max_bytes:
            return None
        file = self._file(content_hash, side)
        try:
            with file.open("rb") as opened:
                webp, used_at = opened.read(), os.fstat(opened.fileno()).st_mtime
        except OSError:
            return None
        whole = _is_whole(webp)
        with suppress(OSError):
            if not whole:
                file.unlink()
            elif time.time() - used_at > _USED_S:
                os.utime(file)
        return webp if whole else None

    def put(self, content_hash: bytes, side: int, webp: bytes) -> bool:
        """Keep it, dropping what was unused longest; False where it cannot be kept."""
        if len(webp) > self._max_bytes or self._clock() < self._written_from or not self._library.is_dir():
            return False
        try:
            with self._lock:
                self._bounded.make_room(len(webp))
            write_whole(self._file(content_hash, side), webp)
        except OSError:  # full or read-only
            self._written_from = self._clock() + _TRY_AGAIN_S
            return False
        return True

    def drop(self, content_hash: bytes) -> None:
        """Nothing of this content is kept any more."""
        drop_thumbnails(self._folder.parent, content_hash)

    def used_bytes(self) -> int:
        """What all of them take on disk now."""
        return self._bounded.used_bytes()

    def _file(self, content_hash: bytes, side: int) -> Path:
        name = content_hash.hex()
        return self._folder / name[:2] / f"{name_of(content_hash, side)}.webp"


def name_of(content_hash: bytes, side: int) -> str:
    """What the thumbnail of this content and side is called: another one where its bytes would be others."""
    return f"{content_hash.hex()}-{side}-{_MAKING}"


def drop_thumbnails(library: Path, content_hash: bytes) -> None:
    """Remove the thumbnails of this content, of every side and making."""
    name = content_hash.hex()
    for file in (library / FOLDER / name[:2]).glob(f"{name}*"):
        with suppress(FileNotFoundError):
            file.unlink()


def _is_whole(webp: bytes) -> bool:
    """Whether it is as long as it says: a crash may leave a file that is short, or nothing but zeros."""
    if len(webp) < _HEADER_BYTES or webp[:4] != b"RIFF" or webp[8:12] != b"WEBP":
        return False
    return int.from_bytes(webp[4:8], "little") + 8 == len(webp)
