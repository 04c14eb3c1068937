"""Turns: so many at once, and whoever came first is next; here, or in another process where there is one.

A semaphore of Python's lets whoever comes just then pass those who wait. Of eight clients that ask again and again, one
in twenty waited 310 to 330 ms where it is 160 to 190 with turns, at the same rate (`benchmarks/page_load.py`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from time import monotonic, sleep
from typing import Protocol

from core.errors import ServerEnding

_LOOK_S = 0.05  # between two looks whether the turn is still wanted


class Seat(Protocol):
    """Where a turn can be had besides: another process that answers one question at a time."""

    @property
    def alive(self) -> bool:
        """Whether it still answers. What does not is never given to anybody again."""
        ...


class _Waiting:
    """One who waits."""

    def __init__(self, *, anywhere: bool) -> None:
        self.anywhere = anywhere
        self.given: Seat | None = None  # None: here; once `ready`
        self.ready = Event()


class Turns:
    """Bounds how many do something at once.

    Args:
        count: how many here.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = count
        self._seats: list[Seat] = []  # that are free
        self._elsewhere = 0  # seats, free or not
        self._closed = False
        self._waiting: deque[_Waiting] = deque()
        self._lock = Lock()

    @property
    def free(self) -> int:
        """How many could begin here now."""
        return self._free

    @property
    def elsewhere(self) -> int:
        """How many could begin elsewhere if nobody was at work."""
        return self._elsewhere

    @property
    def begun(self) -> int:
        """How many are at work, here and elsewhere."""
        return self.count - self._free + self._elsewhere - len(self._seats)

    @contextmanager
    def one(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """One turn here, once those who came before have had theirs.

        Args:
            waiting: called now and then until then; what it raises ends the wait.

        Raises:
            ServerEnding: nobody's turn comes any more.
        """
        seat = self._take(waiting, anywhere=False)
        try:
            yield
        finally:
            self._give_back(seat)

    @contextmanager
    def anywhere(self, waiting: Callable[[], None] = lambda: None) -> Iterator[Seat | None]:
        """As `one`; in a seat where one is free, since here there is more to do besides. None: here.

        No more are begun at once here and there together than could be here alone, or than there are seats.
        """
        seat = self._take(waiting, anywhere=True)
        try:
            yield seat
        finally:
            self._give_back(seat)

    def add(self, seat: Seat) -> None:
        """Turns can be had there, too, from now on."""
        with self._lock:
            self._elsewhere += 1
        self._give_back(seat)

    def remove(self, seat: Seat) -> None:
        """None can be had there any more; it was added, and is not alive."""
        with self._lock:
            self._elsewhere -= 1
            if seat in self._seats:
                self._seats.remove(seat)
            self._hand_out()  # there may be room here now

    def close(self, *, wait_s: float = 0.0) -> None:
        """Let nobody begin any more, tell those who wait, and wait so long for those who have begun."""
        self._closed = True
        until = monotonic() + wait_s
        while self._free < self.count and monotonic() < until:
            sleep(_LOOK_S)

    def _give_back(self, seat: Seat | None) -> None:
        with self._lock:
            if seat is None:
                self._free += 1
            elif seat.alive:
                self._seats.append(seat)
            self._hand_out()

    def _hand_out(self) -> None:
        """What is free to those who wait, in their order, as far as they can take it."""
        for one in list(self._waiting):
            if self._has_room(anywhere=one.anywhere):
                self._waiting.remove(one)
                one.given = self._begin(anywhere=one.anywhere)
                one.ready.set()

    def _has_room(self, *, anywhere: bool) -> bool:
        if not anywhere:
            return self._free > 0
        begun = self.count - self._free
        return bool(self._seats) or begun < self.count - self._elsewhere

    def _begin(self, *, anywhere: bool) -> Seat | None:
        """Where there is room: in a seat, or here."""
        if anywhere and self._seats:
            return self._seats.pop()
        self._free -= 1
        return None

    def _take(self, waiting: Callable[[], None], *, anywhere: bool) -> Seat | None:
        """The seat that was given; None: a turn here."""
        with self._lock:
            self._check()
            if self._has_room(anywhere=anywhere):
                return self._begin(anywhere=anywhere)
            mine = _Waiting(anywhere=anywhere)
            self._waiting.append(mine)
        try:
            while not mine.ready.wait(_LOOK_S):
                self._check()
                waiting()
        except BaseException:
            self._leave(mine)
            raise
        return mine.given

    def _check(self) -> None:
        if self._closed:
            raise ServerEnding("the server is ending")

    def _leave(self, mine: _Waiting) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self._give_back(mine.given)  # it was given just then
