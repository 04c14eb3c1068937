"""Whose process is at the other end: both ways of asking Linux."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from web.access import peers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells it")

Pair = tuple[socket.socket, socket.socket]
WAYS = pytest.mark.parametrize("ask", [peers._ask_kernel, peers._read_table])


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


@WAYS
def test_ours_is_ours(listening: socket.socket, ask: Callable[..., int | None]) -> None:
    with socket.create_connection(listening.getsockname()) as client, listening.accept()[0] as ours:
        assert ask(client.getsockname(), ours.getsockname()) == os.getuid()
        assert peers.is_ours(client.getsockname(), ours.getsockname())


@WAYS
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_anothers_is_anothers(listening: socket.socket, ask: Callable[..., int | None]) -> None:
    port = listening.getsockname()[1]
    command = ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}; cat"]
    with subprocess.Popen(command, user=4711, group=4711, extra_groups=[], stdin=subprocess.PIPE) as other:
        with listening.accept()[0] as ours:
            assert ask(ours.getpeername(), ours.getsockname()) == 4711
            assert not peers.is_ours(ours.getpeername(), ours.getsockname())
        other.kill()


@WAYS
def test_a_socket_that_was_closed_is_nobodys(listening: socket.socket, ask: Callable[..., int | None]) -> None:
    """Linux shows it as root's: who sends a request and closes at once must not count as root."""
    client = socket.create_connection(listening.getsockname())
    client.sendall(b"POST /api/v1/jobs HTTP/1.1\r\n\r\n")
    peer = client.getsockname()
    client.close()
    with listening.accept()[0] as ours:
        assert ask(peer, ours.getsockname()) is None
        assert not peers.is_ours(peer, ours.getsockname())


@WAYS
def test_a_socket_that_never_was_is_nobodys(ask: Callable[..., int | None]) -> None:
    assert ask(("127.0.0.1", 1), ("127.0.0.1", 2)) is None


def test_where_the_kernel_is_not_to_be_asked_its_table_is_read(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_SOCK_DIAG", 31)  # a family that is not there
    with socket.create_connection(listening.getsockname()) as client, listening.accept()[0] as ours:
        assert peers.uid_of(client.getsockname(), ours.getsockname()) == os.getuid()
