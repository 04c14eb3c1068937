"""Answers that come in parts: a thread works them out, and stops when whoever asked goes away.

The first part is waited for before anything is sent, so that what is wrong with a question is told by its status.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from fastapi.responses import Response, StreamingResponse

from core.errors import Abandoned
from web.access.scopes import Scope, scope_of
from web.api.answers import as_json
from web.problems import Problem, as_problem, problem_told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import Request

    from core.indexing import Progress
    from searcher.jsonable import Json

LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Said:
    """A part of an answer."""

    event: str
    answer: bytes  # JSON

    @property
    def line(self) -> bytes:
        """As it is sent where answers come in parts."""
        return b'{"event":"%b","answer":%b}\n' % (self.event.encode(), self.answer)


class Teller:
    """What the thread tells, and hears: one for each question."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._said: asyncio.Queue[Said | Exception | None] = asyncio.Queue()
        self._left = Event()

    def say(self, event: str, answer: bytes) -> None:
        """One part of the answer, as JSON. Raises Abandoned where nobody hears it."""
        self.check()
        self._put(Said(event, answer))

    def check(self, progress: Progress | None = None) -> None:
        """Raises Abandoned where nobody waits any more; may listen to progress."""
        del progress
        if self._left.is_set():
            raise Abandoned("whoever asked does not wait any more")

    def leave(self) -> None:
        """Nobody waits any more."""
        self._left.set()

    def work(self, tell: Callable[[Teller], None]) -> None:
        """In a thread: tell, then that this is all, or what went wrong."""
        end: Exception | None = None
        try:
            tell(self)
        except Abandoned:
            return
        except Exception as error:  # noqa: BLE001 - told to who asked, or raised where the request is answered
            end = error
        self._put(end)

    async def next(self) -> Said | Exception | None:
        """What is said next: a part, what went wrong, or None at the end."""
        return await self._said.get()

    def _put(self, said: Said | Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._said.put_nowait, said)
        except RuntimeError as error:  # the loop is closed: the server has ended
            raise Abandoned("the server has ended") from error


async def tell(request: Request, work: Callable[[Teller], None], *, in_parts: bool) -> Response:
    """The answer that `work` tells: its last part, or, `in_parts`, all as lines of JSON.

    Args:
        request: nobody waits for it once it is disconnected.
        work: tells it, in a thread of its own.
        in_parts: whether to send each part as soon as it is there.

    Raises:
        what `work` raises before its first part; without parts, at any time.
    """
    teller = Teller()
    Thread(target=teller.work, args=(work,), daemon=True).start()
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        first = following = await _next(teller, gone)
        while following is not None and not in_parts:
            first, following = following, await _next(teller, gone)
    except BaseException:
        teller.leave()
        raise
    finally:
        gone.cancel()
    if in_parts:
        lines = _lines(first, teller, is_owner=scope_of(request) is Scope.OWNER)
        return StreamingResponse(lines, media_type=LINES, headers={"Cache-Control": "no-store"})
    assert first is not None  # noqa: S101 - who works on an answer tells one, or fails
    return Response(first.answer, media_type="application/json")


async def _next(teller: Teller, gone: asyncio.Future[None]) -> Said | None:
    """The next part, None at the end, unless who asked leaves first."""
    following = asyncio.ensure_future(teller.next())
    both: set[asyncio.Future[Any]] = {following, gone}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not following.done():
        following.cancel()
        raise Problem(499, "gone", "whoever asked did not wait for the answer")
    said = following.result()
    if isinstance(said, Exception):
        raise said
    return said


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _lines(first: Said | None, teller: Teller, *, is_owner: bool) -> AsyncIterator[bytes]:
    """The parts, each on its line; the last line says that it is the last, or what went wrong."""
    try:
        said: Said | Exception | None = first
        while isinstance(said, Said):
            yield said.line
            said = await teller.next()
        yield as_json(_last(said, is_owner=is_owner)) + b"\n"
    finally:
        teller.leave()


def _last(said: Exception | None, *, is_owner: bool) -> Json:
    if said is None:
        return {"event": "done"}
    return {"event": "problem", "problem": problem_told(as_problem(said, is_owner=is_owner))}
