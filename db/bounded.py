"""A folder of derived files that may take so many bytes: what was unused longest goes first.

Whoever keeps files in it writes each whole or not at all (`write_whole`); several processes may do so at once, and may
drop each other's. The time of last use is the file's time.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_UNFINISHED = ".part"
_LEFT = 0.9  # of the bound, after making room: so that not every file makes room anew
_LOOK_AGAIN = 0.02  # of the bound, written by this process: then others' files are counted, too
_ABANDONED_S = 3600.0  # a half-written file this old has no writer any more


class BoundedFolder:
    """The files in the folders that a pattern names.

    Args:
        folder: above them.
        pattern: of the folders that hold them, seen from `folder`: "*/".
        max_bytes: of all of them together.
    """

    def __init__(self, folder: Path, pattern: str, max_bytes: int) -> None:
        self._folder = folder
        self._pattern = pattern
        self._max_bytes = max_bytes
        self._used: int | None = None  # bytes; None: not counted yet
        self._written = 0  # bytes since they were counted

    def used_bytes(self) -> int:
        """What they take on disk now."""
        return sum(size for _, size, _ in self._files())

    def make_room(self, size_bytes: int) -> None:
        """Drop what must go before so much is written, which counts as written from now on."""
        if self._used is None or self._written > _LOOK_AGAIN * self._max_bytes:
            self._used, self._written = self.used_bytes(), 0
        if self._used + size_bytes > self._max_bytes:
            self._used = self._shrink(int(_LEFT * self._max_bytes))
        self._used += size_bytes
        self._written += size_bytes

    def _shrink(self, left_bytes: int) -> int:
        """Drop what was unused longest until this much is left, and what crashed writers left; bytes that stay."""
        files = sorted(self._files())
        used, abandoned = sum(size for _, size, _ in files), time.time() - _ABANDONED_S
        for used_at, size, path in files:
            if used <= left_bytes and not (path.endswith(_UNFINISHED) and used_at < abandoned):
                continue
            with suppress(OSError):  # another process was quicker, or reads it (Windows)
                Path(path).unlink()
                used -= size
        return used

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """(last use in unix seconds, bytes, path) of every file."""
        for folder in self._folder.glob(self._pattern):
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            for entry in entries:
                with suppress(OSError):
                    stat = entry.stat()
                    yield stat.st_mtime, stat.st_size, entry.path


def write_whole(file: Path, content: bytes) -> None:
    """Under its name only when all of it is written. Without fsync: for what can be lost, and is checked when read.

    Raises:
        OSError: it cannot be written; nothing is left behind then.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.stem}.{secrets.token_hex(8)}{_UNFINISHED}")
    try:
        part.write_bytes(content)
        part.replace(file)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
