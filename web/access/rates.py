"""How much one client may ask for: a bucket of tokens each, refilled steadily; and how much at once.

Kept in memory, for a bounded number of clients: who has not asked for longest is forgotten first, with a full bucket.
"""

from __future__ import annotations

from asyncio import Semaphore
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CLIENTS = 10_000  # remembered at once, over all kinds


class Kind(StrEnum):
    """What is asked for, by what it costs."""

    TOKEN = "token"  # somebody tries a token  # noqa: S105
    QUESTION = "question"  # a model, or the whole index
    UPLOAD = "upload"
    REST = "rest"  # thumbnails, facts, the page's files


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at a stroke, and so many a second from then on."""

    burst: float
    a_second: float


VISITORS: Mapping[Kind, Rate] = {
    Kind.TOKEN: Rate(10, 0.1),
    Kind.QUESTION: Rate(120, 16),  # who types gets two questions for every pause of 150 ms
    Kind.UPLOAD: Rate(20, 0.5),
    Kind.REST: Rate(3000, 300),  # a screen of thumbnails is 100, and somebody scrolls through 100,000
}
OWNERS: Mapping[Kind, Rate] = {kind: Rate(20_000, 2_000) for kind in Kind}
"""A program of the owner's that ran wild is held back before it fills the memory; nobody else is."""

AT_ONCE = 16  # requests of one visitor are answered; through a proxy a browser sends a hundred
ALL_AT_ONCE = 30  # of all visitors: ten of the threads that answer are left for the owner
WAITING = 256  # of one visitor, those that are answered among them


@dataclass(slots=True)
class _Visitor:
    """Somebody whose requests are answered or wait for it."""

    gate: Semaphore = field(default_factory=lambda: Semaphore(AT_ONCE))
    requests: int = 0


class Rates:
    """What clients have left.

    Args:
        clock: seconds that go on.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[tuple[str, Kind], tuple[float, float]] = OrderedDict()
        self._visitors: dict[str, _Visitor] = {}
        self._all = Semaphore(ALL_AT_ONCE)

    def take(self, client: str, kind: Kind, rate: Rate) -> None:
        """Count one request.

        Raises:
            Problem: the client has to wait, and for how long.
        """
        now, key = self._clock(), (client, kind)
        left, at = self._left.pop(key, (rate.burst, now))
        left = min(rate.burst, left + (now - at) * rate.a_second)
        self._left[key] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        if left < 1:
            wait_s = max(1, round((1 - left) / rate.a_second))
            raise Problem(
                429, "too_many", f"too many requests: again in {wait_s} s", headers={"Retry-After": str(wait_s)}
            )

    async def turn(self, client: str) -> ExitStack:
        """Wait until a request of this visitor may be answered; closing what is handed back ends its turn.

        Raises:
            Problem: too many of the visitor's are waiting.
        """
        visitor = self._visitors.setdefault(client, _Visitor())
        if visitor.requests >= WAITING:
            raise Problem(429, "too_many_at_once", "too many requests at once", headers={"Retry-After": "1"})
        visitor.requests += 1
        with ExitStack() as ends:
            ends.callback(self._one_less, client, visitor)
            for gate in (visitor.gate, self._all):
                await gate.acquire()
                ends.callback(gate.release)
            return ends.pop_all()

    def _one_less(self, client: str, visitor: _Visitor) -> None:
        visitor.requests -= 1
        if not visitor.requests:
            del self._visitors[client]


def kind_of(method: str, path: str) -> Kind:
    """What a request costs, by its route below the API."""
    if path == "/session" and method == "POST":
        return Kind.TOKEN
    if path == "/uploads":
        return Kind.UPLOAD
    if (method == "POST" and path != "/images") or path.endswith("/similar"):
        return Kind.QUESTION
    return Kind.REST
