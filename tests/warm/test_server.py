"""A server answers as the library does, sees what others commit, and outlives what is asked of it."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import sleep

import pytest
from PIL import Image

from core.errors import LibraryNotFound, PictureProblem, SearchError, UsageError
from core.indexing import Progress
from core.queries import CopyKind, Filters, SearchMode, SearchResult, Took
from semantic_image_search import open_library
from semantic_image_search.warm.messages import LookupQuestion, Question, SearchQuestion
from semantic_image_search.warm.server import Server
from semantic_image_search.warm.serving import LetGo, Ready
from tests.fakes import FakeEncoder, FakeReranker
from tests.warm.conftest import Serve, asking


def timeless(result: SearchResult) -> SearchResult:
    return replace(result, took_ms=Took())


def here(library: Path, question: Question) -> SearchResult:
    with open_library(library, model=FakeEncoder()) as opened:
        return timeless(question.put_to(opened, print))


def best(result: SearchResult) -> str:
    return Path(os.fsdecode(result.hits[0].picture.path)).name


@pytest.mark.parametrize(
    "question",
    [
        SearchQuestion("red"),
        SearchQuestion("a thing of no colour", k=2, offset=1, group=False),
        SearchQuestion("red", not_texts=("blue", "green"), not_weight=0.75, mode=SearchMode.VECTOR),
        SearchQuestion("green", mode=SearchMode.TEXT),
        SearchQuestion("red", filters=Filters(formats=("jpeg",))),
        SearchQuestion("one two three four five six seven eight nine", min_match=0.99),
        SearchQuestion(None, vector=tuple(float(n) for n in range(48))),
    ],
)
def test_the_answer_is_the_librarys_own(library: Path, start_server: Serve, question: Question) -> None:
    served = start_server(library)
    with asking(library) as asks:
        assert timeless(asks.ask(question)) == here(library, question)
        assert asks.told.startswith(f"answered by the server (process {os.getpid()})")
    assert [one.kind for one in served.answered] == ["search"]


def test_pictures_are_looked_up_and_mixed_in(
    library: Path, photos: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_server(library)
    monkeypatch.chdir(photos)
    with asking(library) as asks:
        found = asks.ask(LookupQuestion(b"red.png"))  # from the folder of whoever asks
        assert found.hits[0].copy is CopyKind.IDENTICAL
        assert timeless(found) == here(library, LookupQuestion(b"red.png"))
        mixed = SearchQuestion("blue", images=(Path("red.png"),), image_weight=0.1)
        assert timeless(asks.ask(mixed)) == here(library, mixed)
        away = SearchQuestion("blue", not_images=(Path("red.png"),), not_weight=2.0)
        assert timeless(asks.ask(away)) == here(library, away) != here(library, SearchQuestion("blue"))
        with pytest.raises(PictureProblem):
            asks.ask(LookupQuestion(b"gone.png"))
        assert best(asks.ask(LookupQuestion(b"blue.png"))) == "blue.png"  # in the same conversation
        assert asks.told.startswith("answered by the server")


def test_the_questions_own_faults_are_told_as_they_are(library: Path, start_server: Serve) -> None:
    start_server(library)
    with asking(library) as asks:
        for fault in (SearchQuestion(None), SearchQuestion("red", k=0), SearchQuestion(None, vector=(1.0, 2.0))):
            with pytest.raises(UsageError) as told:
                asks.ask(fault)
            with pytest.raises(UsageError) as own:
                here(library, fault)
            assert str(told.value) == str(own.value)
        assert best(asks.ask(SearchQuestion("red"))) == "red.png"


def test_what_others_commit_is_found_at_once(library: Path, photos: Path, start_server: Serve) -> None:
    start_server(library)
    with asking(library) as asks, open_library(library, model=FakeEncoder()) as writer:
        assert asks.ask(SearchQuestion("red", k=20)).indexed == 6
        Image.new("RGB", (64, 64), (250, 10, 10)).save(photos / "scarlet.png")
        writer.index()
        after = asks.ask(SearchQuestion("red", k=20, group=False))
        assert after.indexed == 7
        assert "scarlet.png" in {Path(os.fsdecode(hit.picture.path)).name for hit in after.hits}
        writer.forget(photos / "red.png")
        writer.optimize()  # the rows are written anew
        assert asks.ask(SearchQuestion("red", k=20)).indexed == 6
        assert asks.told.startswith("answered by the server")


def test_a_library_that_is_gone_is_answered_for_by_whoever_asks(library: Path, start_server: Serve) -> None:
    start_server(library)
    with asking(library) as asks:
        assert best(asks.ask(SearchQuestion("red"))) == "red.png"
        away = library.rename(library.with_name("away"))
        with pytest.raises(LibraryNotFound) as told:
            asks.ask(SearchQuestion("red"))
        with pytest.raises(LibraryNotFound) as own:
            here(library, SearchQuestion("red"))
        assert str(told.value) == str(own.value)
        shutil.copytree(away, library)  # and comes back, as another one
    with asking(library) as asks:
        assert best(asks.ask(SearchQuestion("red"))) == "red.png"
        assert asks.told.startswith("answered by the server")


def test_two_libraries_have_two_servers(library: Path, tmp_path: Path, photos: Path, start_server: Serve) -> None:
    other = tmp_path / "other"
    with open_library(other, model=FakeEncoder()) as opened:
        opened.index([photos / "green.png"])
    start_server(library)
    start_server(other)
    with asking(library) as asks, asking(other) as asks_other:
        assert asks.ask(SearchQuestion("green")).indexed == 6
        assert asks_other.ask(SearchQuestion("green")).indexed == 1
        assert "by the server" in asks.told
        assert "by the server" in asks_other.told


def test_a_second_server_is_refused_in_one_line(library: Path, start_server: Serve) -> None:
    served = start_server(library)
    with pytest.raises(SearchError, match=rf"has a server already \(process {os.getpid()}\)"):
        start_server(library)
    served.stop()
    with asking(library) as asks:
        assert "not running" in asks.told
    start_server(library)
    with asking(library) as asks:
        assert asks.ask(SearchQuestion("red")).hits
        assert "by the server" in asks.told


def test_there_is_no_server_of_nothing(tmp_path: Path, start_server: Serve) -> None:
    with pytest.raises(LibraryNotFound):
        start_server(tmp_path / "none")


def test_many_ask_at_once_and_each_gets_its_own_answer(library: Path, start_server: Serve) -> None:
    class Counting(FakeEncoder):
        texts = 0

        def encode_texts(self, texts):  # type: ignore[no-untyped-def]
            self.texts += len(texts)
            return super().encode_texts(texts)

    encoder = Counting()
    served = start_server(library, encoder)
    colours = ["red", "green", "blue", "yellow", "white"] * 8

    def ask(colour: str) -> str:
        with asking(library) as asks:
            answer = best(asks.ask(SearchQuestion(colour, mode=SearchMode.VECTOR)))
            assert "by the server" in asks.told
            return answer

    with ThreadPoolExecutor(len(colours)) as threads:
        assert list(threads.map(ask, colours)) == [f"{colour}.png" for colour in colours]
    assert len(served.answered) == len(colours)
    assert encoder.texts == 6  # the five, and the warming up


def test_a_bug_costs_one_answer_and_not_the_server(library: Path, start_server: Serve) -> None:
    class Weak(FakeEncoder):
        def encode_texts(self, texts):  # type: ignore[no-untyped-def]
            if "bug" in texts:
                raise ZeroDivisionError
            return super().encode_texts(texts)

    served = start_server(library, Weak())
    with asking(library) as asks:
        assert asks.ask(SearchQuestion("bug")).hits
        assert asks.told == "answered here: the server met a bug (ZeroDivisionError)"
        assert isinstance(served.answered[0].trouble, ZeroDivisionError)
    with asking(library) as asks:
        assert best(asks.ask(SearchQuestion("red"))) == "red.png"
        assert "by the server" in asks.told


def test_idle_models_are_let_go_of_and_loaded_for_the_next_question(library: Path, start_server: Serve) -> None:
    served = start_server(library, idle_s=0.2)
    with asking(library) as asks:
        asks.ask(SearchQuestion("red"))
        while not any(isinstance(one, LetGo) for one in served.heard):
            sleep(0.01)
        assert best(asks.ask(SearchQuestion("blue"))) == "blue.png"
        assert "by the server" in asks.told
    assert served.opened >= 2
    assert isinstance(served.heard[0], Ready)


def test_more_clients_than_there_is_room_for_answer_themselves(
    library: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semantic_image_search.warm.server.CONVERSATIONS", 2)
    start_server(library)
    with ExitStack() as stack:
        three = [stack.enter_context(asking(library)) for _ in range(3)]
        assert [best(asks.ask(SearchQuestion("red"))) for asks in three] == ["red.png"] * 3
        assert [asks.told.startswith("answered by") for asks in three] == [True, True, False]


def test_a_server_that_ends_finishes_what_it_answers_and_refuses_the_rest(library: Path, start_server: Serve) -> None:
    served = start_server(library)
    with asking(library) as asks:
        asks.ask(SearchQuestion("red"))
        served.stop()
        assert best(asks.ask(SearchQuestion("red"))) == "red.png"
        assert asks.told == "answered here: the server is ending"


def test_the_config_file_is_read_again_when_it_was_written(
    library: Path, start_server: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = start_server(library)
    monkeypatch.setenv("SEARCH_RERANKER", "another")  # of the client alone, as the server holds what it started with
    original = Server._read_settings_again
    with monkeypatch.context() as patched:
        patched.setattr(Server, "_read_settings_again", lambda self, wanted: None)
        with asking(library) as asks:
            assert asks.told == "answered here: the server has other settings (reranker)"
    assert original is Server._read_settings_again
    monkeypatch.delenv("SEARCH_RERANKER")
    Path(os.environ["SEARCH_CONFIG"]).write_text('rerank_budget_s = 1.5\nreranker = "blip-itm-large-coco"\n')
    with asking(library) as asks:
        assert asks.ask(SearchQuestion("red")).hits
        assert "by the server" in asks.told
    assert served.opened == 2  # anew, by what the file says now


class SlowReranker(FakeReranker):
    """Takes its time with each text, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.matched = 0

    def match(self, texts, features):  # type: ignore[no-untyped-def]
        self.matched += 1
        sleep(0.2)
        return super().match(texts, features)


def test_a_second_look_is_told_of_while_it_goes_on(library: Path, start_server: Serve) -> None:
    reranker = SlowReranker()
    start_server(library, reranker=reranker)
    question, heard = SearchQuestion("red", rerank=6), []
    with asking(library) as asks:
        answer = asks.ask(question, heard.append)
        assert "by the server" in asks.told
    assert (answer.reranked, answer.hits[0].reranked is not None) == (6, True)
    with open_library(library, model=FakeEncoder(), reranker=FakeReranker()) as opened:
        own: list[Progress] = []
        assert timeless(answer) == timeless(question.put_to(opened, own.append))
    assert heard == own
    assert heard


def test_nobody_looks_again_for_a_client_that_left(
    library: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("searcher.rerank.SLOW_BLOCK", 1)
    monkeypatch.setattr("semantic_image_search.warm.server.HEARTBEAT_S", 0.05)
    reranker = SlowReranker()
    served = start_server(library, reranker=reranker)

    class Enough(Exception):
        pass

    def leave(progress: Progress) -> None:
        raise Enough

    with asking(library) as asks, pytest.raises(Enough):
        asks.ask(SearchQuestion("red", rerank=6), leave)
    while not served.answered:
        sleep(0.01)
    assert 1 <= reranker.matched < 5
    assert served.answered[0].trouble is None
