"""A conversation ends in bounded time, whatever the other end does."""

import json
import os
import socket
from collections.abc import Iterator
from threading import Thread
from time import monotonic

import pytest

from semantic_image_search.warm import line as module
from semantic_image_search.warm.line import Broken, Line
from semantic_image_search.warm.messages import Welcome
from semantic_image_search.warm.values import pack


@pytest.fixture
def ends() -> Iterator[tuple[Line, socket.socket]]:
    ours, theirs = socket.socketpair()
    line = Line(ours)
    yield line, theirs
    line.close()
    theirs.close()


def test_messages_come_one_by_one_however_they_are_cut(ends: tuple[Line, socket.socket]) -> None:
    line, theirs = ends
    data = json.dumps(pack(Welcome(1))).encode() + b"\n" + json.dumps(pack(Welcome(2))).encode() + b"\n"
    sender = Thread(target=lambda: [theirs.send(data[i : i + 1]) for i in range(len(data))])
    sender.start()
    assert line.receive(timeout_s=5) == Welcome(1)
    assert line.receive(timeout_s=5) == Welcome(2)
    sender.join()


def test_silence_has_an_end_also_where_bytes_trickle_in(ends: tuple[Line, socket.socket]) -> None:
    line, theirs = ends
    started = monotonic()
    theirs.send(b'{"Welcome": [')
    with pytest.raises(Broken, match="is silent"):
        line.receive(timeout_s=0.2)
    assert monotonic() - started < 2


@pytest.mark.parametrize(("said", "why"), [(b"", "hung up"), (b'{"Welc', "in the middle of a sentence")])
def test_who_hangs_up_is_known_to_have(ends: tuple[Line, socket.socket], said: bytes, why: str) -> None:
    line, theirs = ends
    theirs.send(said)
    theirs.close()
    with pytest.raises(Broken, match=why):
        line.receive(timeout_s=5)


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n", b"\xff\xfe\n", b"{}\n", b"[" * 5000 + b"\n", b"\n"])
def test_nonsense_is_another_language(ends: tuple[Line, socket.socket], said: bytes) -> None:
    line, theirs = ends
    theirs.send(said)
    with pytest.raises(Broken, match="another language"):
        line.receive(timeout_s=5)


def test_a_message_without_end_is_not_kept(ends: tuple[Line, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    line, theirs = ends
    Thread(target=theirs.sendall, args=(b"x" * 150_000,), daemon=True).start()
    with pytest.raises(Broken, match="says too much"):
        line.receive(timeout_s=5)


def test_who_takes_nothing_in_is_given_up(ends: tuple[Line, socket.socket]) -> None:
    line, _ = ends
    with pytest.raises(Broken, match="takes nothing in"):
        line.send("x" * 10_000_000, timeout_s=0.2)


def test_sending_to_who_left_is_no_broken_pipe_of_ours(ends: tuple[Line, socket.socket]) -> None:
    line, theirs = ends
    theirs.close()
    with pytest.raises(Broken, match="hung up"):
        line.send("x" * 1_000_000, timeout_s=1)


def test_the_peer_is_known_by_its_user(ends: tuple[Line, socket.socket]) -> None:
    assert ends[0].peer == os.getuid()
