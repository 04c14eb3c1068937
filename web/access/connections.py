"""One connection, as uvicorn speaks HTTP over it, with what uvicorn leaves open: who may connect, and how slowly.

Headers have to come in a given time, an answer has to be taken in a given time, and nonsense gets a problem.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import TYPE_CHECKING, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from web.problems import Problem, problem_response

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.h11_impl import RequestResponseCycle

    from web.access.entry import Coming, Entry

HEADERS_S = 10.0  # for a request's headers, from its first byte, or from the connection's beginning
STUCK_S = 60.0  # in which a client has to take something of what waits for it

_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # SO_LINGER: on, for no seconds


class Connection(H11Protocol):
    """HTTP/1.1 with one client. `guarded_by` makes the class for a server."""

    entry: ClassVar[Entry]

    _coming: Coming | None = None
    _headers_due: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Somebody has connected: taken in, or not."""
        super().connection_made(transport)
        if self.client is None or self.server is None or self.server[1] is None:
            transport.abort()
            return
        self._coming = self.entry.meet(self.client, (self.server[0], self.server[1]))
        if self._coming is None:
            transport.abort()
            return
        self.app_state = {**self.app_state, "coming": self._coming}
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        for timer in (self._headers_due, self._stuck):
            if timer is not None:
                timer.cancel()
        if self._coming is not None:
            self.entry.leave(self._coming)
            self._coming = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._is_answering:
            self._headers_are_here()
        elif self._headers_due is None:
            self._expect_headers()

    def pause_writing(self) -> None:
        """More waits to be sent than the client takes."""
        super().pause_writing()
        self._stuck = self.loop.call_later(STUCK_S, self._give_up)

    def resume_writing(self) -> None:
        """The client takes it again."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's word for it
        """What came was no HTTP, or too much of it."""
        if self._is_answering or self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.abort()
            return
        hint = getattr(sys.exception(), "error_status_hint", 400)
        answer = problem_response(Problem(hint, "bad_request", "what came was no proper HTTP request"))
        headers = [*answer.raw_headers, (b"connection", b"close"), (b"x-content-type-options", b"nosniff")]
        self.transport.write(self.conn.send(h11.Response(status_code=hint, headers=headers)) or b"")
        self.transport.write(self.conn.send(h11.Data(data=bytes(answer.body))) or b"")
        self.transport.write(self.conn.send(h11.EndOfMessage()) or b"")
        self.transport.close()

    def _give_up(self) -> None:
        """Close at once: what waits in the kernel's buffers for this client goes, too."""
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    @property
    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _expect_headers(self) -> None:
        self._headers_due = self.loop.call_later(HEADERS_S, self.transport.abort)

    def _headers_are_here(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None


def guarded_by(entry: Entry) -> type[Connection]:
    """The connections of one server."""

    class OfThisServer(Connection):
        pass

    OfThisServer.entry = entry
    return OfThisServer
