"""Turns: so many at once, and whoever came first is next.

A semaphore of Python's lets whoever comes just then pass those who wait. Of eight clients that ask again and again, one
in twenty waited 310 to 330 ms where it is 160 to 190 with turns, at the same rate (`benchmarks/page_load.py`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic, sleep

from core.errors import ServerEnding

_LOOK_S = 0.05  # between two looks whether the turn is still wanted


class Turns:
    """Bounds how many do something at once.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = count
        self._closed = False
        self._waiting: deque[Event] = deque()
        self._lock = Lock()

    @property
    def free(self) -> int:
        """How many could begin now."""
        return self._free

    @contextmanager
    def one(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """One turn, once those who came before have had theirs.

        Args:
            waiting: called now and then until then; what it raises ends the wait.

        Raises:
            ServerEnding: nobody's turn comes any more.
        """
        self._take(waiting)
        try:
            yield
        finally:
            self.give_back()

    def close(self, *, wait_s: float = 0.0) -> None:
        """Let nobody begin any more, tell those who wait, and wait so long for those who have begun."""
        self._closed = True
        until = monotonic() + wait_s
        while self._free < self.count and monotonic() < until:
            sleep(_LOOK_S)

    def give_back(self) -> None:
        """To whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def _take(self, waiting: Callable[[], None]) -> None:
        with self._lock:
            self._check()
            if self._free:
                self._free -= 1
                return
            mine = Event()
            self._waiting.append(mine)
        try:
            while not mine.wait(_LOOK_S):
                self._check()
                waiting()
        except BaseException:
            self._leave(mine)
            raise

    def _check(self) -> None:
        if self._closed:
            raise ServerEnding("the server is ending")

    def _leave(self, mine: Event) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self.give_back()  # it was given just then
