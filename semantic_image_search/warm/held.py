"""The library that a server answers from: open while people ask, let go of when nobody has asked for a while."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import SearchError
from semantic_image_search.warm.memory import give_back
from semantic_image_search.warm.shared_encoder import SharedEncoder
from semantic_image_search.warm.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.protocols import Encoder
    from semantic_image_search import Library


ANSWERING = max(2, min(4, os.cpu_count() or 2))  # questions at once; `db.KeptReaders` keeps four readers open


class _Open:
    """A library, and by how many it is used."""

    def __init__(self, library: "Library") -> None:
        self.library = library
        self.users = 0
        self.retired = False


class Held:
    """One library, with its models and its index in memory.

    Args:
        open_library: opens it; reads nothing yet.
        idle_s: without a question so long, models and index are let go of; 0: never.
        clock: seconds that go on.

    Attributes:
        turns: as many as questions may be answered at once, by whatever way they came.
        generation: another number when what was held has been let go of.
    """

    def __init__(
        self, open_library: Callable[[], "Library"], *, idle_s: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._open_library = open_library
        self._idle_s = idle_s
        self._clock = clock
        self.turns = Turns(ANSWERING)
        self.generation = 0
        self._lock = Lock()
        self._open: _Open | None = None
        self._used_at = clock()
        self._encoder: SharedEncoder | None = None  # that the library took last

    @property
    def is_open(self) -> bool:
        """Whether anything is held at present."""
        return self._open is not None

    @contextmanager
    def library(self) -> Iterator["Library"]:
        """The library, for one question."""
        used = self._take()
        try:
            yield used.library
        finally:
            self._give_back(used, asked=True)

    @contextmanager
    def glance(self) -> Iterator["Library"]:
        """The library, for a look that is no question: it keeps nothing in memory, and brings nothing back there.

        A page that somebody leaves open looks every few seconds whether there are new pictures.
        """
        with self._lock:
            used = self._open
            if used is not None:
                used.users += 1
        if used is None:
            with self._open_library() as library:
                yield library
            return
        try:
            yield used.library
        finally:
            self._give_back(used, asked=False)

    def encode_ahead(self, texts: "Sequence[str]") -> None:
        """Have the model read what a question is about to ask for, together with what others wait for.

        Before anything else is taken that only few can have at once, so that all who wait are read in one call. What
        keeps it from being read is told by the question itself.
        """
        if self._encoder is not None and texts:
            with suppress(SearchError):
                self._encoder.encode_texts(texts)

    def let_go(self) -> None:
        """Close the library, once those who use it are done; the next question opens it anew."""
        with self._lock:
            held, self._open, self._encoder = self._open, None, None
            if held is None:
                return
            self.generation += 1
            held.retired = True
            unused = held.users == 0
        if unused:
            _close(held)

    def let_go_when_idle(self) -> bool:
        """Let go of it where nobody has asked for so long; says whether it did."""
        with self._lock:
            held = self._open
            quiet = held is not None and held.users == 0 and self._clock() - self._used_at >= self._idle_s
        if not (self._idle_s and quiet):
            return False
        self.let_go()
        return True

    def _take(self) -> _Open:
        with self._lock:
            if self._open is None:
                self._open = _Open(self._open_library())
                self._open.library.encoders.wrap_with(self._shared)
            self._open.users += 1
            return self._open

    def _shared(self, encoder: "Encoder") -> SharedEncoder:
        self._encoder = SharedEncoder(encoder)
        return self._encoder

    def _give_back(self, used: _Open, *, asked: bool) -> None:
        with self._lock:
            used.users -= 1
            self._used_at = self._clock() if asked else self._used_at
            last = used.retired and used.users == 0
        if last:
            _close(used)


def _close(held: _Open) -> None:
    held.library.close()
    del held.library
    give_back()
