"""The real server, on real sockets, in this process: its owner's address, and 127.0.0.2 for others with a token."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import httpx
import pytest

from tests.web.conftest import Served, coloured, serve_folder
from web.access.addresses import LOOPBACK, listen
from web.access.entry import Entry
from web.access.keys import Keys, new_token
from web.door import open_door

OTHER = "127.0.0.2"  # every address of 127/8 is this machine's, and only one of them is the owner's


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it came over the wire."""

    status: int
    head: str
    body: bytes

    @property
    def code(self) -> str:
        """Of a problem."""
        found = re.search(rb'"code":"(\w+)"', self.body)
        return found[1].decode() if found else ""


@dataclass(frozen=True, slots=True)
class Door:
    """A server that runs."""

    served: Served
    port: int
    token: str
    host: str = LOOPBACK  # where it is asked
    ends: ExitStack = field(default_factory=ExitStack)

    @property
    def window(self) -> "Door":
        """The same server at the address that is for others."""
        return replace(self, host=OTHER)

    def hang_up(self) -> None:
        """Close what was connected."""
        self.ends.close()

    def connect(self, timeout_s: float = 5.0) -> socket.socket:
        """A connection to speak nonsense into."""
        return self.ends.enter_context(socket.create_connection((self.host, self.port), timeout_s))

    def raw(self, sent: bytes) -> Said:
        """What comes back for these bytes, until the server closes, or has said what it announced."""
        with self.connect() as line:
            line.sendall(sent)
            return said_on(line)

    def ask(self, target: str, *headers: str, method: str = "GET", host: str | None = None, body: bytes = b"") -> Said:
        """One request, with exactly these headers beside Host and Content-Length."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'{self.host}:{self.port}'}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.raw("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)

    def client(self) -> httpx.Client:
        """A program that asks properly."""
        return self.ends.enter_context(httpx.Client(base_url=f"http://{self.host}:{self.port}/api/v1", timeout=20))

    def signed_in(self) -> httpx.Client:
        """A visitor with a session."""
        client = self.client()
        assert client.post("/session", json={"token": self.token}).status_code == 204
        return client


def said_on(line: socket.socket) -> Said:
    """The next answer on a connection; status 0 where it is closed without one."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = _received(line)
        if not more:
            return Said(0, "", got)
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while (length is None or len(body) < int(length[1])) and (more := _received(line)):
        body += more
    return Said(int(head.split()[1]), head.decode("latin-1").lower(), body)


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(65_536)
    except ConnectionResetError:
        return b""


OpenDoor = Callable[..., Door]


@pytest.fixture(scope="session")
def served_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The library of all attacks."""
    with ExitStack() as ends:
        served = serve_folder(tmp_path_factory.mktemp("attacked"), coloured(), None, ends)
        ends.callback(served.parts.held.let_go)
        yield served


@pytest.fixture(scope="session")
def opening(served_once: Served) -> Iterator[OpenDoor]:
    with ExitStack() as ends:

        def start(served: Served | None = None, **said: object) -> Door:
            token, key = new_token()
            served = served or served_once
            listening = listen(OTHER, port=0)
            entry = Entry(**{"owners_at": listening.owners_at, "keys": Keys(lambda: key), **said})  # type: ignore[arg-type]
            opened = open_door(served.parts.held, library=served.library, listening=listening, entry=entry)
            ends.enter_context(opened)
            return Door(served, listening.port, token)

        yield start


@pytest.fixture
def open_to(opening: OpenDoor) -> Iterator[OpenDoor]:
    """Start a server of the test's own: `open_to(base_path="/photos")`; what is given is said to the Entry."""
    with ExitStack() as ends:

        def start(served: Served | None = None, **said: object) -> Door:
            opened = opening(served, **said)
            ends.callback(opened.hang_up)
            return opened

        yield start


@pytest.fixture(scope="session")
def _door(opening: OpenDoor) -> Door:
    return opening()


@pytest.fixture
def door(_door: Door) -> Iterator[Door]:
    """As its owner has it; the same server for all tests."""
    yield _door
    _door.hang_up()


@pytest.fixture
def window(door: Door) -> Door:
    """The same server, as others have it."""
    return door.window
