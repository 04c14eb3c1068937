"""Readers that stay open between two questions: whoever asks often pays for opening a library once.

Between questions they hold no snapshot, so that writers are never in anybody's way, and before each they look whether
the library is as it was. Where anything was written, a new one is opened, and takes over an index that is still the
same. Each is used by one thread at a time; several threads have several.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from weakref import finalize

from core.errors import Abandoned, PictureProblem, UnknownPicture, UsageError
from db.reader import LibraryReader, open_reader

_MOST_IDLE = 4  # as many threads as often ask at once


class KeptReaders:
    """The open readers of one library.

    Args:
        path: its folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[LibraryReader] = []
        self._lock = Lock()
        self._process = os.getpid()
        finalize(self, _close, self._idle)

    @contextmanager
    def reader(self) -> Iterator[LibraryReader]:
        """One snapshot of the library as it is now; raises as `open_reader`."""
        reader = self._current()
        try:
            yield reader
        except (UsageError, PictureProblem, UnknownPicture, Abandoned):  # says nothing against the reader
            self._give_back(reader)
            raise
        except BaseException:
            reader.close()
            raise
        self._give_back(reader)

    def close(self) -> None:
        """Let go of all that nobody is using."""
        with self._lock:
            _close(self._idle)

    def _current(self) -> LibraryReader:
        known = self._take()
        if known is None:
            return open_reader(self._path)
        try:
            if known.renew():
                return known
            fresh = open_reader(self._path)
            fresh.share(known)
        except BaseException:
            known.close()
            raise
        known.close()
        return fresh

    def _take(self) -> LibraryReader | None:
        if self._process != os.getpid():  # forked: SQLite's connections must not be used here, nor closed
            return None
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give_back(self, reader: LibraryReader) -> None:
        reader.rest()
        with self._lock:
            if len(self._idle) < _MOST_IDLE and self._process == os.getpid():
                self._idle.append(reader)
                return
        reader.close()


def _close(readers: list[LibraryReader]) -> None:
    while readers:
        readers.pop().close()
