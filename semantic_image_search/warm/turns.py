"""Turns: so many at once, and whoever came first is next.

A semaphore of Python's lets whoever comes just then pass those who wait. Of eight clients that ask again and again, one
in twenty waited 310 to 330 ms where it is 160 to 190 with turns, at the same rate (`benchmarks/page_load.py`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic

_LOOK_S = 0.05  # between two looks whether the turn is still wanted


class Turns:
    """Bounds how many do something at once.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = count
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
        """
        self._take(waiting)
        try:
            yield
        finally:
            self.give_back()

    def take_all(self, *, wait_s: float) -> None:
        """Let nobody begin any more, and wait so long for those who have."""
        until = monotonic() + wait_s

        def patience() -> None:
            if monotonic() >= until:
                raise TimeoutError

        for _ in range(self.count):
            try:
                self._take(patience)
            except TimeoutError:
                return

    def give_back(self) -> None:
        """To whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1

    def _take(self, waiting: Callable[[], None]) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = Event()
            self._waiting.append(mine)
        try:
            while not mine.wait(_LOOK_S):
                waiting()
        except BaseException:
            self._leave(mine)
            raise

    def _leave(self, mine: Event) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self.give_back()  # it was given just then
