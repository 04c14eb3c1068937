"""Whoever goes away is not worked for any longer; questions wait for their turn."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from typing import Any

import numpy as np
import pytest

from core.arrays import PictureFeatures
from core.protocols import MatchScores
from semantic_image_search import Library
from semantic_image_search.warm.held import ANSWERING
from tests.fakes import FakeReranker
from tests.web.conftest import Served, ServePictures, as_asked_by
from web.access.scopes import Scope


class Slow(FakeReranker):
    """Looks at each picture only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may, self.began = Event(), Event()

    def match(self, texts: list[str], features: PictureFeatures) -> MatchScores:
        self.began.set()
        assert self.may.wait(30)
        return super().match(texts, features)


class Client:
    """One who posts a question, and leaves when told to: an ASGI server in the place of uvicorn."""

    def __init__(self, served: Served, question: dict[str, Any], *, lines: bool = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self._app = as_asked_by(Scope.OWNER, served.app)
        self._body = json.dumps(question).encode()
        accept = b"application/x-ndjson" if lines else b"application/json"
        self._headers = [(b"content-type", b"application/json"), (b"accept", accept)]
        self._asked = False
        self.leaving = asyncio.Event()

    async def ask(self) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/api/v1/search",
            "raw_path": b"/api/v1/search",
            "query_string": b"",
            "headers": self._headers,
        }
        await self._app(scope, self._receive, self._send)

    @property
    def events(self) -> list[str]:
        lines = b"".join(one.get("body", b"") for one in self.sent).splitlines()
        return [json.loads(line).get("event") for line in lines]

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._body, "more_body": False}
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


async def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


def free(served: Served) -> bool:
    """Whether nobody's question is being answered."""
    return served.parts.held.turns.free == ANSWERING


@pytest.mark.parametrize("lines", [True, False], ids=["in lines", "whole"])
def test_reranking_ends_where_nobody_waits_for_it(serve_pictures: ServePictures, lines: bool) -> None:
    reranker = Slow()
    served = serve_pictures(reranker=reranker)

    async def leave_midway() -> Client:
        client = Client(served, {"text": "green", "rerank": 6}, lines=lines)
        asking = asyncio.create_task(client.ask())
        await until(reranker.began.is_set)
        client.leaving.set()
        await asyncio.wait_for(asking, 10)  # though the reranker has not moved
        reranker.may.set()
        await until(lambda: free(served))
        return client

    client = asyncio.run(leave_midway())
    assert reranker.pairs_matched == 1  # of six: the first block is one candidate
    assert [one["status"] for one in client.sent if "status" in one] == [200 if lines else 499]
    assert not lines or client.events == ["vectors"]
    with served.parts.held.library() as library:
        assert len(library.search("green").hits) == 6


def test_who_leaves_before_his_turn_is_not_searched_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str | None] = []
    monkeypatch.setattr(Library, "search", lambda self, text=None, **rest: searched.append(text))

    async def leave_early() -> None:
        client = Client(served, {"text": "never"})
        asking = asyncio.create_task(client.ask())
        await asyncio.sleep(0.1)
        client.leaving.set()
        await asyncio.wait_for(asking, 10)
        assert [one.get("status") for one in client.sent][:1] == [499]

    with ExitStack() as others:
        for _ in range(ANSWERING):
            others.enter_context(served.parts.held.turns.one())
        asyncio.run(leave_early())
    time.sleep(0.2)
    assert free(served)
    assert searched == []


def test_questions_wait_for_their_turn(served: Served) -> None:
    async def all_at_once() -> list[Client]:
        clients = [Client(served, {"text": f"red {number}", "k": 1}) for number in range(4 * ANSWERING)]
        await asyncio.wait_for(asyncio.gather(*(client.ask() for client in clients)), 30)
        return clients

    assert [client.events for client in asyncio.run(all_at_once())] == 4 * ANSWERING * [["vectors", "done"]]


def test_what_goes_wrong_midway_is_told_in_the_stream(
    serve_pictures: ServePictures, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reranker = FakeReranker()
    served = serve_pictures(reranker=reranker)
    monkeypatch.setattr(reranker, "match", lambda texts, features: np.zeros(1) / {}["a secret word"])

    async def ask() -> Client:
        client = Client(served, {"text": "green", "rerank": 3})
        await asyncio.wait_for(client.ask(), 10)
        return client

    client = asyncio.run(ask())
    assert client.events == ["vectors", "problem"]
    last = json.loads(client.sent[-2]["body"])["problem"]
    assert (last["status"], last["code"]) == (500, "bug")
    assert "secret" not in json.dumps(last)
    assert "KeyError" in capsys.readouterr().err
