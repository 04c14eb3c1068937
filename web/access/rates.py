"""How much one client may ask for: a bucket of tokens each, refilled steadily; and how much at once.

Kept in memory, for a bounded number of clients: who has not asked for longest is forgotten first, with a full bucket.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import TYPE_CHECKING

from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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

AT_ONCE = 16  # requests of one visitor; a browser has six connections
ALL_AT_ONCE = 30  # of all visitors: ten of the threads that answer are left for the owner


class Rates:
    """What clients have left.

    Args:
        clock: seconds that go on.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[tuple[str, Kind], tuple[float, float]] = OrderedDict()
        self._busy: dict[str, int] = {}

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

    @contextmanager
    def one_more(self, client: str) -> Iterator[None]:
        """While a request of this client is answered.

        Raises:
            Problem: it, or all together, have too many under way.
        """
        if self._busy.get(client, 0) >= AT_ONCE or sum(self._busy.values()) >= ALL_AT_ONCE:
            raise Problem(429, "too_many_at_once", "too many requests at once", headers={"Retry-After": "1"})
        self._busy[client] = self._busy.get(client, 0) + 1
        try:
            yield
        finally:
            self._busy[client] -= 1
            if not self._busy[client]:
                del self._busy[client]


def kind_of(method: str, path: str) -> Kind:
    """What a request costs, by its route below the API."""
    if path == "/session" and method == "POST":
        return Kind.TOKEN
    if path == "/uploads":
        return Kind.UPLOAD
    if method == "POST" or path.endswith("/similar"):
        return Kind.QUESTION
    return Kind.REST
