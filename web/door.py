"""The HTTP door of `search serve`: uvicorn in a thread, from when the library is at hand until it is let go of."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from core.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semantic_image_search.warm.held import Held
    from web.access.addresses import Listening

ENDING_S = 2  # for answers that are being given when the server ends; a stream of events never ends by itself
_KEEP_ALIVE_S = 30
_HEADERS_BYTES = 32_768  # of one request, with its first line


@contextmanager
def open_door(held: Held, *, library: Path, listening: Listening) -> Iterator[None]:
    """Answer HTTP from a library, for as long as this lasts; the sockets are closed at its end.

    Raises:
        SearchError: the server did not come up.
    """
    import uvicorn

    from web.access.guard import Guard
    from web.app import create_app
    from web.parts import Parts

    class Server(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            del sockets
            await super().startup(list(listening.sockets))
            up.set()

    up = Event()
    config = uvicorn.Config(
        Guard(create_app(Parts(library, held))),
        log_config=None,
        log_level="critical",  # what it would log are bugs, which the guard tells, and what clients did
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http="h11",
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=ENDING_S,
        h11_max_incomplete_event_size=_HEADERS_BYTES,
    )
    server = Server(config)

    def run() -> None:
        try:
            server.run(list(listening.sockets))
        finally:
            listening.close()
            up.set()

    thread = Thread(target=run, name="http", daemon=True)
    thread.start()
    up.wait()
    if not server.started:
        raise SearchError("the page's server did not come up: what it said is above; --no-page does without")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(ENDING_S + 5)
