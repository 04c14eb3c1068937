"""Processes beside the server: when they come, that nobody can tell who answered, and what happens when they fail."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.errors import SearchError
from tests.fakes import FakeReranker
from tests.passing_time import Clock, until
from tests.web.conftest import Served, ServePictures
from web.access.scopes import Scope
from web.beside import crowd, process
from web.beside.crowd import CALM_S, CROWD, WITHIN_S, Beside

SEARCH = "/api/v1/search"


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def serve(serve_pictures: ServePictures, clock: Clock) -> Callable[..., Served]:
    """A server that may start one process: `serve("honest")`."""

    def make(kind: str, *, most: int = 2, reranker: FakeReranker | None = None) -> Served:
        command = (sys.executable, "-m", "tests.web.beside_program", kind)
        return serve_pictures(
            reranker=reranker, beside=lambda path, held: Beside(path, held, most, command=command, clock=clock)
        )

    return make


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    response = client.post(SEARCH, json={"text": "red", "k": 3} | question)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def come_in_crowds(served: Served, client: TestClient) -> None:
    with served.parts.held.turns.one():
        for _ in range(CROWD):
            ask(client)


@contextmanager
def crowded(served: Served) -> Iterator[TestClient]:
    """A client of a server that has had a crowd, and has the process now."""
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
        until(lambda: served.parts.held.turns.elsewhere == 1)
        yield client


@contextmanager
def nobody_else_answers(served: Served) -> Iterator[None]:
    """The server itself has its hands full."""
    with ExitStack() as busy:
        for _ in range(served.parts.held.turns.count):
            busy.enter_context(served.parts.held.turns.one())
        yield


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key not in {"took_ms", "next_cursor"}}


@pytest.mark.parametrize("scope", list(Scope))
def test_nobody_can_tell_who_answered(serve: Callable[..., Served], scope: Scope) -> None:
    served = serve("honest")
    with served.client(scope) as client:
        alone = [ask(client), ask(client, not_texts=["green"], k=5), ask(client, text="black", sort="date")]
        refused = client.post(SEARCH, json={"images": [999]}), client.post(SEARCH, json={"text": " "})
    with crowded(served), served.client(scope) as client, nobody_else_answers(served):
        beside = [ask(client), ask(client, not_texts=["green"], k=5), ask(client, text="black", sort="date")]
        refused_beside = client.post(SEARCH, json={"images": [999]}), client.post(SEARCH, json={"text": " "})
    assert [without_times(one) for one in beside] == [without_times(one) for one in alone]
    for one, other in zip(refused, refused_beside, strict=True):
        assert (one.status_code, one.json()) == (other.status_code, other.json())
    assert {one.status_code for one in refused} == {404, 400}


def test_the_next_page_goes_on_where_a_process_ended(serve: Callable[..., Served]) -> None:
    served = serve("honest")
    with crowded(served) as client:
        with nobody_else_answers(served):
            first = ask(client, k=2)
        second = ask(client, k=2, cursor=first["next_cursor"])
    names = [hit["name"] for hit in (*first["hits"], *second["hits"])]
    assert len(set(names)) == len(names) == 4


def test_answers_in_lines_come_from_there_as_well(serve: Callable[..., Served]) -> None:
    served = serve("honest")
    with crowded(served) as client, nobody_else_answers(served):
        lines = client.post(SEARCH, json={"text": "red"}, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert [line[:19] for line in lines] == ['{"event":"vectors",', '{"event":"done"}']


def test_one_who_asks_alone_starts_nothing(serve: Callable[..., Served]) -> None:
    served = serve("honest")
    with served.client(Scope.OWNER) as client:
        for _ in range(2 * CROWD):
            ask(client)
    assert served.parts.beside.count == 0


def test_a_few_who_meet_are_no_crowd(serve: Callable[..., Served], clock: Clock) -> None:
    served = serve("honest")
    with served.client(Scope.OWNER) as client, served.parts.held.turns.one():
        for _ in range(2 * CROWD):
            ask(client)
            clock.now += 1.1 * WITHIN_S / CROWD
    assert served.parts.beside.count == 0


def test_the_server_alone_is_what_one_process_means(serve: Callable[..., Served]) -> None:
    served = serve("honest", most=1)
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
    assert served.parts.beside.count == 0


def test_there_are_never_more_than_may_be(serve: Callable[..., Served]) -> None:
    served = serve("honest", most=2)
    with crowded(served) as client:
        with nobody_else_answers(served):
            for _ in range(CROWD):
                ask(client)
        until(lambda: served.parts.held.turns.elsewhere == 2)
        come_in_crowds(served, client)
        assert served.parts.beside.count == 2


def test_it_ends_when_the_crowd_has_gone(serve: Callable[..., Served], clock: Clock) -> None:
    served = serve("honest")
    with crowded(served) as client:
        clock.now += CALM_S / 2
        ask(client)
        assert served.parts.held.turns.elsewhere == 1
        clock.now += CALM_S
        ask(client)
        until(lambda: served.parts.beside.count == 0)
        assert served.parts.held.turns.elsewhere == 0
        assert ask(client)["hits"][0]["name"] == "red.png"


def test_it_ends_by_itself_when_nobody_asks(serve: Callable[..., Served]) -> None:
    served = serve("brief")
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
        until(lambda: served.parts.beside.count == 0)
        assert served.parts.held.turns.elsewhere == 0
        come_in_crowds(served, client)  # and comes again
        assert served.parts.beside.count == 1


def test_it_ends_when_the_library_is_opened_anew(serve: Callable[..., Served]) -> None:
    served = serve("honest")
    with crowded(served) as client:
        served.parts.held.let_go()
        ask(client)
        ask(client)
        until(lambda: served.parts.beside.count == 0)


@pytest.mark.parametrize("kind", ["crash", "nonsense", "silent"])
def test_what_a_process_leaves_unanswered_the_server_answers(
    serve: Callable[..., Served], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "PATIENCE_S", 0.2)
    served = serve(kind)
    with crowded(served) as client:
        assert ask(client)["hits"][0]["name"] == "red.png"
        until(lambda: served.parts.beside.count == 0)
        assert served.parts.held.turns.begun == 0
        assert ask(client)["hits"][0]["name"] == "red.png"


@pytest.mark.parametrize("command", [(sys.executable, "-m", "tests.web.beside_program", "lame"), ("/no/such/program",)])
def test_what_never_comes_up_is_tried_once(serve_pictures: ServePictures, command: tuple[str, ...]) -> None:
    served = serve_pictures(beside=lambda path, held: Beside(path, held, 2, command=command))
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
        until(lambda: served.parts.beside.count == 0)
        come_in_crowds(served, client)
        assert served.parts.beside.count == 0


def test_what_only_the_server_has_stays_with_it(serve: Callable[..., Served]) -> None:
    served = serve("crash", reranker=FakeReranker())  # of what it is asked, it dies
    with served.client(Scope.OWNER) as client:
        with served.parts.held.turns.one():
            for _ in range(CROWD):
                ask(client, rerank="off")
        until(lambda: served.parts.held.turns.elsewhere == 1)
        png = (served.photos / "red.png").read_bytes()
        upload = client.post("/api/v1/uploads", content=png, headers={"Content-Type": "image/png"}).json()["upload"]
        first = ask(client, rerank=3, k=2)
        assert first["reranked"] == 3
        ask(client, rerank=3, k=2, cursor=first["next_cursor"])
        ask(client, rerank="off", uploads=[upload])
        assert served.parts.beside.count == 1
        ask(client, rerank="off")
        until(lambda: served.parts.beside.count == 0)


def test_gpus_need_no_second_process(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("encoders.device.certainly_cpu", lambda _: False)
    served = serve("honest")
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
    assert served.parts.beside.count == 0


def test_a_reranker_of_no_known_name_is_told_where_it_is_looked_for(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve("honest")

    def unknown(_: object) -> bool:
        raise SearchError("there is no such reranker")

    with crowded(served) as client, nobody_else_answers(served):
        monkeypatch.setattr("semantic_image_search.second_stage.SecondStage.has_reranker", property(unknown))
        monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "3")
        assert ask(client)["hits"][0]["name"] == "red.png"


def test_the_end_of_the_server_ends_them(serve: Callable[..., Served]) -> None:
    served = serve("honest")
    with crowded(served):
        served.parts.begin_to_end()
        until(lambda: served.parts.beside.count == 0)


def test_systems_without_such_pipes_have_none(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "CAN", False)
    served = serve("honest")
    with served.client(Scope.OWNER) as client:
        come_in_crowds(served, client)
    assert served.parts.beside.count == 0
