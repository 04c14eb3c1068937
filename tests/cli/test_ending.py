"""`search serve` ends soon after it was told to, whatever is going on: the real program."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from PIL import Image

from benchmarks.served_page import ServedPage
from semantic_image_search import open_library
from tests.cli.parts import index_one_red
from tests.conftest import PROJECT

SOON_S = 8.0  # of the ten that it has; less than one on an idle machine, but for what is half sent
PICTURES = 400  # that a run takes some seconds for


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ending")
    index_one_red(made)
    (made / "more").mkdir()
    for number in range(PICTURES):
        Image.new("RGB", (64, 64), (number % 256, number // 2, 7)).save(made / "more" / f"{number}.png")
    return made


@pytest.fixture
def served(folder: Path, tmp_path: Path) -> Iterator[ServedPage]:
    page = ServedPage({**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": "/tmp"}, folder / "library")
    page.start()
    page.told("ready after")
    yield page
    page.kill()


def took(end: Callable[[], None]) -> float:
    started = time.monotonic()
    end()
    return time.monotonic() - started


def test_a_run_and_whoever_listens_to_it_are_told(served: ServedPage, folder: Path) -> None:
    wanted = {"kind": "index", "paths": [str(folder / "more")]}
    with httpx.Client(base_url=f"{served.url}api/v1", timeout=30) as client:
        job = client.post("/jobs", json=wanted).json()["id"]
        with client.stream("GET", f"/jobs/{job}/events") as events:
            lines = events.iter_lines()
            while '"stage": "index"' not in next(lines):
                pass
            assert took(served.stop) < SOON_S  # it also says that it ended with code 0
            assert not any('"state": "done"' in line for line in lines)
    with open_library(folder / "library", model="mini") as library:  # nobody writes to it any more
        assert library.index([folder / "photos"]).unchanged == 1


def test_an_upload_that_is_half_sent_is_not_waited_for(served: ServedPage) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        head = f"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Type: image/png\r\n"
        line.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n" + bytes(1000))
        time.sleep(0.2)
        assert took(served.stop) < SOON_S


def test_connections_that_are_open_are_not_waited_for(served: ServedPage) -> None:
    with ExitStack() as ends:
        for sent in (b"", b"GET / HT", b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            line = ends.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            line.sendall(sent)
        time.sleep(0.1)
        assert took(served.stop) < SOON_S


STUBBORN = """
import sys, time
from threading import Event
from cli import ending
from cli.ending import ends_in_time
ending.LAST_S = 0.5
stop = Event()
with ends_in_time(stop):
    try:
        print("ready", flush=True)
        while True:
            time.sleep(0.02)
    except KeyboardInterrupt:
        pass  # lost
    if sys.argv[1] == "lost":
        stop.wait()
        print("ended", flush=True)
    while sys.argv[1] == "stuck":
        time.sleep(0.02)
"""


@pytest.mark.parametrize(
    ("how", "code", "out", "err"),
    [("lost", 0, "ended\n", ""), ("stuck", 1, "", "the server did not end within 0.5 seconds, and is ended now\n")],
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupt_that_is_lost_or_leads_nowhere_ends_it_all_the_same(
    how: str, code: int, out: str, err: str, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", STUBBORN, how]
    with subprocess.Popen(command, cwd=PROJECT, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        told = process.communicate(timeout=10)
    assert (process.returncode, *told) == (code, out, err)
