"""How much of the machine a client may take: bytes, time, connections; and bytes that are no HTTP."""

import os
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.web.attacks.conftest import Door, OpenDoor, Said, said_on
from web.access import bodies, connections, entry, rates

HEALTH = "/api/v1/health"
SEARCH = "/api/v1/search"
JSON = "Content-Type: application/json"
POST = b"POST /api/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def still_answers(door: Door) -> bool:
    return door.ask(HEALTH).status == 200


def test_a_body_is_refused_before_it_is_read(door: Door) -> None:
    said = door.raw(POST + b"Content-Length: 1000000000000\r\n\r\n")
    assert (said.status, said.code) == (413, "too_large")
    assert "connection: close" in said.head


def test_a_body_that_does_not_say_how_long_it_is_is_counted(door: Door) -> None:
    line = door.connect()
    line.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    line.sendall(chunk * (bodies.JSON_BYTES // 0x10000) + b"1\r\n \r\n")
    said = said_on(line)
    assert (said.status, said.code) == (413, "too_large")


def test_a_large_question_is_read_up_to_the_bound(door: Door) -> None:
    body = b'{"text": "red"}'
    most = bodies.JSON_BYTES
    assert door.ask(SEARCH, JSON, method="POST", body=body.ljust(most)).status == 200
    assert door.ask(SEARCH, JSON, method="POST", body=body.ljust(most + 1)).status == 413


def test_a_slow_body_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.2)
    line = door.connect()
    line.sendall(POST + b"Content-Length: 100\r\n\r\n{")
    started = time.monotonic()
    said = said_on(line)
    assert (said.status, said.code) == (408, "too_slow")
    assert time.monotonic() - started < 2
    line.sendall(b" ")
    assert said_on(line).status == 0  # closed


def test_a_body_that_trickles_is_cut_off_however_often_it_comes(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_S", 0.3)
    line = door.connect()
    line.sendall(POST + b"Content-Length: 100000\r\n\r\n")
    started = time.monotonic()
    with suppress(OSError):  # it is closed by then
        for _ in range(20):  # a byte now and then, never long after the one before
            line.sendall(b" ")
            time.sleep(0.05)
    assert said_on(line).status in {0, 408}
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"])
def test_slow_headers_are_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """Slowloris: a connection costs as long as its request is not there."""
    monkeypatch.setattr(connections, "HEADERS_S", 0.2)
    line = door.connect()
    line.sendall(sent)
    assert said_on(line).status == 0
    assert still_answers(door)


def test_slow_headers_are_cut_off_after_an_answer_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.2)
    line = door.connect()
    line.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert said_on(line).status == 200
    time.sleep(0.3)
    line.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")  # nobody was hurried between two requests
    assert said_on(line).status == 200
    line.sendall(b"GET /api")
    assert said_on(line).status == 0


def test_an_answer_that_nobody_takes_is_given_up(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STUCK_S", 0.2)
    line = door.connect()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asked = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    line.sendall(asked * 2_000)  # far more is answered than fits between the two
    assert _is_dropped(line, within_s=5)
    assert still_answers(door)


@pytest.mark.parametrize("size", [20_000, 40_000, 2_000_000])
def test_huge_headers_are_refused(door: Door, size: int) -> None:
    said = _whatever_comes(door, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * size + b"\r\n\r\n")
    assert said.status in {0, 431} if size > 32_768 else said.status in {200, 431}
    assert still_answers(door)


def test_a_thousand_headers_and_a_huge_address_are_refused(door: Door) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (i, b"a" * 50) for i in range(1000))
    assert _whatever_comes(door, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n").status in {0, 431}
    assert _whatever_comes(door, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n").status in {
        0,
        404,
        431,
    }
    assert still_answers(door)


@pytest.mark.parametrize(
    "sent",
    [
        b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nGET ",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/health HTTP/1.1\r\nHost: a\r\n\r\n",
        b"Content-Length: +4\r\n\r\nGET ",
        b"Content-Length: 4, 4\r\nContent-Length: 5\r\n\r\nGET ",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"X: a\x00b\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    ],
)
def test_what_two_servers_would_read_differently_is_refused(door: Door, sent: bytes) -> None:
    """Request smuggling: what follows must not be taken for a request of its own."""
    with door.connect() as line:
        line.sendall(POST + sent)
        first, second = said_on(line), said_on(line)
    assert first.status not in {200, 500}
    assert second.status == 0
    assert still_answers(door)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"\r\n" * 50,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_once_at_most(
    door: Door, sent: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "HEADERS_S", 0.2)
    said = door.raw(sent)
    assert said.status in {0, 400}
    assert said.status == 0 or said.code in {"bad_request", "bad_host"}
    assert caplog.records == []


def test_connections_are_bounded_and_the_owner_still_gets_in(
    open_to: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "_EACH_VISITORS", 5)
    door = open_to()
    held = [door.window.connect() for _ in range(12)]
    assert still_answers(door)
    assert not still_answers(door.window)
    for line in held:
        line.close()
    for _ in range(50):
        if still_answers(door.window):
            return
        time.sleep(0.02)
    pytest.fail("connections that were closed still count")


def test_a_proxy_has_the_connections_of_all_visitors_and_no_more(
    open_to: OpenDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "_EACH_VISITORS", 2)
    monkeypatch.setattr(entry, "_VISITORS_CONNECTIONS", 5)
    door = open_to(owners_at=None, keys=None, proxy="photos.example.org")
    held = [door.connect() for _ in range(4)]
    assert still_answers(door)
    held.append(door.connect())
    assert not still_answers(door)


def test_visitors_are_held_back_and_told_for_how_long(open_to: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.VISITORS, rates.Kind.QUESTION, rates.Rate(3, 1))  # type: ignore[arg-type]
    door = open_to()
    visitor = door.window.signed_in()
    found = [visitor.post("/search", json={"text": "red"}) for _ in range(5)]
    assert [one.status_code for one in found] == [200, 200, 200, 429, 429]
    assert found[-1].headers["retry-after"] == "1"
    assert found[-1].json()["code"] == "too_many"
    assert visitor.get("/session").status_code == 200  # looking on is another matter
    assert door.client().post("/search", json={"text": "red"}).status_code == 200


def test_a_client_that_leaves_midway_is_no_bug(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    with ExitStack() as lines:
        for _ in range(20):
            line = lines.enter_context(door.connect())
            line.sendall(POST + b"Content-Length: 100\r\n\r\n{")
    assert still_answers(door)
    time.sleep(0.1)
    assert capfd.readouterr().err == ""


def test_ten_thousand_tiny_requests_leave_it_answering_and_small(door: Door) -> None:
    """They come over four connections as fast as they are taken; meanwhile somebody else is answered."""
    asked = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100
    other, before = door.client(), _memory_mb()
    for turn in range(25):
        lines = [door.connect() for _ in range(4)]
        for line in lines:
            line.sendall(asked)
        assert other.get("/session").status_code == 200
        for line in lines:
            got = b""
            while got.count(b'"status":"ok"') < 100:
                got += line.recv(65_536)
            assert got.count(b"HTTP/1.1 200 OK") == 100, turn
            line.close()
    assert _memory_mb() - before < 20


def _memory_mb() -> float:
    held = Path("/proc/self/statm").read_text().split()[1]
    return int(held) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _is_dropped(line: socket.socket, *, within_s: float) -> bool:
    """Whether the other side gives this connection up; nothing is read from it."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return True
        time.sleep(0.02)
    return False


def _whatever_comes(door: Door, sent: bytes) -> Said:
    """The answer, where the server does not close before it has all."""
    with door.connect() as line:
        try:
            line.sendall(sent)
        except OSError:
            return Said(0, "", b"")
        return said_on(line)


def test_one_visitor_pushes_out_no_upload_of_another(open_to: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rates.VISITORS, rates.Kind.UPLOAD, rates.Rate(100, 1))  # type: ignore[arg-type]
    window = open_to().window
    picture = {"content": (window.served.photos / "red.png").read_bytes(), "headers": {"content-type": "image/png"}}
    ann, mallory = window.signed_in(), window.signed_in()
    kept = ann.post("/uploads", **picture).json()["upload"]
    sent = [mallory.post("/uploads", **picture) for _ in range(64)]
    assert {one.status_code for one in sent} == {201}
    assert ann.get(f"/uploads/{kept}/thumbnail").status_code == 200
