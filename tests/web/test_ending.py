"""The server's end, while questions wait for their turn: they are told, and nobody waits for them."""

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from semantic_image_search import open_library
from semantic_image_search.warm.held import ANSWERING, Held
from semantic_image_search.warm.serving import Ready, serve
from tests.web.conftest import Served
from web.access.addresses import listen
from web.access.entry import Entry
from web.door import open_door

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_questions_that_wait_for_their_turn_are_told_and_not_waited_for(
    standing: Served, tmp_path: "Path", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    listening, ready, stop = listen(port=0), threading.Event(), threading.Event()
    helds: list[Held] = []

    @contextmanager
    def door(held: Held) -> "Iterator[None]":
        helds.append(held)
        entry = Entry(owners_at=listening.owners_at)
        with open_door(held, library=standing.library, listening=listening, entry=entry):
            yield

    def run() -> None:
        def opened() -> object:
            return open_library(standing.library, model=standing.encoder)

        def report(what: object) -> None:
            if isinstance(what, Ready):
                ready.set()

        serve(standing.library, opened, idle_s=0, report=report, stop=stop, doors=[door])  # type: ignore[arg-type]

    told: list[tuple[int, str]] = []

    def ask(route: str, body: dict[str, object]) -> None:
        answer = httpx.post(f"http://127.0.0.1:{listening.port}/api/v1/{route}", json=body, timeout=20)
        told.append((answer.status_code, answer.json()["code"]))

    server = threading.Thread(target=run, daemon=True)
    server.start()
    assert ready.wait(20)
    image = standing.id_of("red.png")
    asked = [("lookup", {"image_id": image}), ("search", {"text": "red"}), ("describe", {"image_id": image})]
    with ExitStack() as busy:
        for _ in range(ANSWERING):
            busy.enter_context(helds[0].turns.one())
        clients = [threading.Thread(target=ask, args=one, daemon=True) for one in asked]
        for client in clients:
            client.start()
        time.sleep(0.3)
        before = time.monotonic()
        stop.set()
        server.join(20)
        assert time.monotonic() - before < 6  # those who have begun get two seconds
        assert not server.is_alive()
    for client in clients:
        client.join(5)
    assert told == [(503, "server_ending")] * len(asked)
    left = [one.name for one in threading.enumerate() if one.name == "AnyIO worker thread" and not one.daemon]
    assert not left
