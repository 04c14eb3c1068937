"""The HTTP door of `search serve`: uvicorn in a thread, from when the library is at hand until it is let go of."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from core.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from socket import socket

    import uvicorn

    from semantic_image_search.warm.held import Held
    from web.access.addresses import Listening
    from web.access.entry import Entry
    from web.access.guard import Guard

ENDING_S = 2  # for answers that are being given when the server ends; a stream of events never ends by itself
_CANCELLING_S = 1.5  # for what was cancelled then; a thread at work is not waited for
_KEEP_ALIVE_S = 30
_UNFINISHED_BYTES = 16_384  # of a request's headers, while more of them are waited for


@contextmanager
def open_door(held: Held, *, library: Path, listening: Listening, entry: Entry, processes: int = 1) -> Iterator[None]:
    """Answer HTTP from a library, for as long as this lasts; the sockets are closed at its end.

    Args:
        held: what answers.
        library: its folder, absolute.
        listening: where it is asked.
        entry: who may come in.
        processes: that search when many ask at once, as `web.beside.crowd.Beside` has it; 1: none beside the server.

    Raises:
        SearchError: the server did not come up.
    """
    from web.access.guard import Guard
    from web.app import create_app
    from web.beside.crowd import Beside
    from web.parts import open_parts

    beside = Beside(library, held, processes)
    with (
        open_parts(library, held, entry, beside=beside) as parts,
        _running(Guard(create_app(parts), entry), entry, listening.sockets),
    ):
        try:
            yield
        finally:
            parts.begin_to_end()


@contextmanager
def _running(app: Guard, entry: Entry, sockets: tuple[socket, ...]) -> Iterator[None]:
    up, server = Event(), _server(app, entry)

    def run() -> None:
        try:
            server.run(list(sockets))
        finally:
            up.set()

    started = server.startup

    async def startup(sockets: list[socket] | None = None) -> None:
        await started(sockets)
        up.set()

    server.startup = startup  # type: ignore[method-assign]  # it tells nobody when it is up
    thread = Thread(target=run, name="http", daemon=True)
    thread.start()
    up.wait()
    try:
        if not server.started:
            raise SearchError("the page's server did not come up; --no-page does without")
        yield
    finally:
        server.should_exit = True
        thread.join(ENDING_S + _CANCELLING_S)
        for one in sockets:
            one.close()


def _server(app: Guard, entry: Entry) -> uvicorn.Server:
    import uvicorn

    from web.access.connections import guarded_by

    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it has a word for every broken form
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",  # what it would log are bugs, which the guard tells, and what clients did
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=guarded_by(entry),
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=ENDING_S,
        h11_max_incomplete_event_size=_UNFINISHED_BYTES,
    )
    return uvicorn.Server(config)
