"""What a client sends is bounded before anybody reads it: in bytes, and in how long it may take over them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from web.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Message, Receive

JSON_BYTES = 262_144
UPLOAD_BYTES = 64 * 1024 * 1024
GRACE_S = 10.0  # before the slowest rate counts
SLOWEST = 8_192  # bytes a second, on average; a bad mobile network has more


class Body:
    """A request's body, read through a bound.

    Args:
        receive: ASGI's.
        most: bytes.
        declared: what Content-Length says; None: nothing.

    Raises:
        Problem: more is announced than is taken.
    """

    def __init__(self, receive: Receive, *, most: int, declared: int | None) -> None:
        self._receive = receive
        self._most = most
        self._seen = 0
        self._ended = False
        self._started: float | None = None  # when it was first asked for: the client did not make it wait before
        self.trouble: Problem | None = None  # what it was refused for, whoever swallowed it
        if declared is not None and declared > most:
            raise _too_large(most)

    async def receive(self) -> Message:
        """As ASGI's; after the end of the body it waits for the client to leave, however long.

        Raises:
            Problem: too much, or too slow.
        """
        if self._ended:
            return await self._receive()
        if self._started is None:
            self._started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(self._started + GRACE_S + self._seen / SLOWEST):
                message = await self._receive()
        except TimeoutError:
            self.trouble = Problem(408, "too_slow", "the request's body came too slowly", headers=CLOSE)
            raise self.trouble from None
        self._seen += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._seen > self._most:
            self.trouble = _too_large(self._most)
            raise self.trouble
        return message


CLOSE = {"Connection": "close"}  # what else comes on it is not read


def _too_large(most: int) -> Problem:
    said = f"{most // 1024} kB" if most < 1024 * 1024 else f"{most // (1024 * 1024)} MB"
    return Problem(413, "too_large", f"the request's body is larger than the {said} that are taken", headers=CLOSE)
