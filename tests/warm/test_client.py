"""Whatever is amiss with a server, the question is answered, soon, and `told` says what it was."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from core.models import Device
from core.queries import SearchResult
from semantic_image_search import open_library
from semantic_image_search.warm import client, identity
from semantic_image_search.warm.client import Asking
from semantic_image_search.warm.line import Line
from semantic_image_search.warm.messages import Hello, SearchQuestion, Welcome
from semantic_image_search.warm.place import make_place
from semantic_image_search.warm.values import pack
from tests.fakes import FakeEncoder
from tests.warm.conftest import Serve, asking

RED = SearchQuestion("red")
WELCOME = json.dumps(pack(Welcome(1))).encode() + b"\n"

Say = Callable[[socket.socket], None]


@pytest.fixture
def impostor(library: Path) -> Iterator[Callable[[Say], None]]:
    """Something else at the place of the server, that talks as it was told to."""
    with ExitStack() as ends:

        def listen(say: Say) -> None:
            listening = ends.enter_context(socket.socket(socket.AF_UNIX))
            listening.bind(str(make_place(library)))
            listening.listen()

            def talk() -> None:
                with suppress(OSError):  # closed at the end
                    connected, _ = listening.accept()
                    with connected:
                        connected.recv(1 << 16)  # the hello: who leaves it unread cuts off what it says itself
                        say(connected)

            Thread(target=talk, daemon=True).start()

        yield listen


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WELCOME_S", 0.3)
    monkeypatch.setattr(client, "SILENCE_S", 0.3)
    monkeypatch.setattr(client, "PATIENCE_S", 0.5)


def answered_here(library: Path) -> str:
    """Ask; it must be answered, in this process, in bounded time. Says why not by the server."""
    started = monotonic()
    with asking(library) as asks:
        result = asks.ask(RED)
        assert isinstance(result, SearchResult)
        assert os.fsdecode(result.hits[0].picture.path).endswith("red.png")
    assert monotonic() - started < 10
    assert asks.told.startswith("answered here: the server "), asks.told
    return asks.told.removeprefix("answered here: the server ")


def after_hello(*said: bytes, hold: bool = False) -> Say:
    """Say Welcome, read the question, say this; then hang up, or stay silent."""

    def say(connected: socket.socket) -> None:
        connected.sendall(WELCOME)
        connected.recv(1 << 16)
        for one in said:
            connected.sendall(one)
        if hold:
            Event().wait(3)

    return say


def test_no_server(library: Path) -> None:
    assert "not running" in answered_here(library)


def test_a_socket_that_a_crash_left_behind(library: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(make_place(library)))
    left.close()
    assert answered_here(library) == "left its socket behind (Connection refused)"


def test_a_file_that_is_no_socket(library: Path) -> None:
    make_place(library).write_text("hello")
    assert "left its socket behind" in answered_here(library)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda connected: None, "hung up"),
        (lambda connected: connected.sendall(b"\x00\xff" * 500 + b"\n"), "speaks another language"),
        (lambda connected: connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), "speaks another language"),
        (lambda connected: connected.sendall(b'{"hello": {"version": 0}}\n'), "speaks another language"),
        (lambda connected: connected.sendall(b'{"Welcome": ['), "hung up"),
        (lambda connected: Event().wait(3), "is silent"),
        (after_hello(), "hung up"),
        (after_hello(b'{"Answer": [{"SearchResult": ["red", '), "hung up in the middle of a sentence"),
        (after_hello(b'{"Answer": ["red", 3.0]}\n{"'), "speaks another language"),
        (after_hello(b'{"Answer": [null, 3.0]}\n'), "speaks another language"),
        (after_hello(b"[1, 2, 3]\n"), "speaks another language"),
        (after_hello(b"null\n", hold=True), "is silent"),
        (after_hello(b'{"Refused": ["has a cold"]}\n'), "has a cold"),
    ],
)
def test_nonsense_and_silence_cost_no_answer(
    library: Path, impostor: Callable[[Say], None], said: Say, why: str
) -> None:
    impostor(said)
    assert answered_here(library).startswith(why)


def test_a_server_that_only_ever_works_is_given_up(library: Path, impostor: Callable[[Say], None]) -> None:
    def say(connected: socket.socket) -> None:
        after_hello()(connected)
        for _ in range(50):
            connected.sendall(b"null\n")
            Event().wait(0.1)

    impostor(say)
    assert answered_here(library) == "takes too long"


def test_a_server_that_takes_nobody_in_is_given_up(library: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(make_place(library)))
        listening.listen(0)
        assert answered_here(library) == "is silent"  # in line, and never let in
        others = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for other in others:
            other.setblocking(False)
            with suppress(OSError):
                other.connect(str(make_place(library)))
        assert answered_here(library)  # not even in line any more
        for other in others:
            other.close()


def test_a_folder_that_others_can_enter_is_not_trusted(library: Path, start_server: Serve, runtime: Path) -> None:
    start_server(library)
    (runtime / "search-serve").chmod(0o755)
    assert "is not yours alone" in answered_here(library)
    (runtime / "search-serve").chmod(0o700)
    moved = (runtime / "search-serve").rename(runtime / "elsewhere")
    (runtime / "search-serve").symlink_to(moved)
    assert "is not yours alone" in answered_here(library)
    (runtime / "search-serve").unlink()
    moved.rename(runtime / "search-serve")


def test_another_users_server_is_not_trusted(
    library: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_server(library)
    monkeypatch.setattr(Line, "peer", property(lambda self: os.getuid() + 1))
    assert answered_here(library) == "is not trusted: it belongs to another user"


def test_a_server_does_not_answer_another_user(
    library: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_server(library)
    answers = iter([os.getuid(), os.getuid() + 1])  # what the client sees, and then the server; or the other way round
    monkeypatch.setattr(Line, "peer", property(lambda self: next(answers)))
    assert answered_here(library)


@pytest.mark.parametrize(
    ("hello", "why"),
    [
        ({"protocol": 99}, "speaks another protocol"),
        ({"build": "0.0.1 of 3"}, "is another version of `search`"),
        ({"library": b"/elsewhere"}, "has another library"),
        (
            {"settings": (("device", "cuda"),)},
            "has other settings (XDG_CACHE_HOME, device, feature_cache_mb, rerank_budget_s, reranker",
        ),
    ],
)
def test_a_server_of_another_kind_says_so(
    library: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch, hello: dict[str, object], why: str
) -> None:
    start_server(library)

    def other(*fields: object) -> Hello:
        names = ("protocol", "build", "library", "settings")
        return Hello(**{**dict(zip(names, fields, strict=True)), **hello})  # type: ignore[arg-type]

    monkeypatch.setattr(client, "Hello", other)
    assert answered_here(library).startswith(why)


def test_a_device_of_ones_own_choice_is_not_the_servers(library: Path, start_server: Serve) -> None:
    served = start_server(library)
    asks = Asking(library, Device.CPU, lambda download: open_library(library, model=FakeEncoder()))
    assert asks.ask(RED).hits
    assert asks.told == "answered here: the server is not asked where --device is given"
    assert not served.answered
    asks.close()


def test_a_file_that_is_another_one_for_the_server(
    library: Path, photos: Path, start_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_server(library)
    monkeypatch.setattr("semantic_image_search.warm.server._identity", lambda path: (1, 2))
    with asking(library) as asks:
        assert asks.ask(SearchQuestion("red", images=(photos / "red.png",))).hits
        assert asks.told == "answered here: the server sees another file of that name"


def test_downloads_are_for_whoever_asks(library: Path, start_server: Serve) -> None:
    served = start_server(library)
    with asking(library) as asks:
        assert asks.ask(RED, download=True).hits
    assert not served.answered


def test_one_that_dies_between_two_questions(library: Path, impostor: Callable[[Say], None], photos: Path) -> None:
    impostor(after_hello())
    with asking(library) as asks:
        for _ in range(3):
            assert asks.ask(RED).hits
        assert asks.told == "answered here: the server hung up"


def test_the_same_settings_however_they_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from core.settings import load_settings

    before = identity.in_force(load_settings())
    monkeypatch.setenv("search_device", "auto")
    monkeypatch.setenv("SEARCH_WORKERS", "3")
    assert identity.in_force(load_settings()) == before
    monkeypatch.setenv("SEARCH_DEVICE", "cpu")
    assert identity.differing(before, identity.in_force(load_settings())) == ["device"]
