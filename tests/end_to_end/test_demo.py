"""`search demo` as a newcomer runs it: the real program with `mini`, in an empty home, without a network."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PROJECT

# Python runs this in every process it starts, decode workers included.
NO_NETWORK = """
import os, sys

def refuse(event, arguments):
    local = event == "socket.connect" and not isinstance(arguments[1], tuple)  # an address that is a path
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"} and not local:
        with open(os.environ["CALLS"], "a") as calls:
            print(event, arguments, file=calls)
        raise OSError("there is no network here")

sys.addaudithook(refuse)
"""

# What the first hit of each answer shows, in order.
FIRST = ("cat.png", "motorcycle.png", "photographer.png", "rocket.jpg")


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just installed the program."""
    for name in ("home", "tmp", "site"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NO_NETWORK)
    own = {"HOME": "home", "TMPDIR": "tmp", "CALLS": "calls", "SEARCH_LIBRARY": "library"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_", "SEARCH_"))}
    paths = {name: str(tmp_path / value) for name, value in own.items()}
    return kept | paths | {"PYTHONPATH": os.pathsep.join((str(tmp_path / "site"), str(PROJECT)))}


def start(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def left_by_search(tmp_path: Path) -> list[Path]:
    """What is in the temporary folder; torch, when it is imported, makes an empty folder there for itself."""
    return [path for path in (tmp_path / "tmp").iterdir() if not path.name.startswith("torchinductor_")]


def cpu_seconds() -> float:
    """What the processes started here and their own have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_it_finds_what_it_asks_for_offline(newcomer: dict[str, str], tmp_path: Path) -> None:
    before = cpu_seconds()
    running = start(newcomer)
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    assert not (tmp_path / "calls").exists(), (tmp_path / "calls").read_text()
    assert left_by_search(tmp_path) == []
    assert not (tmp_path / "library").exists()
    kept = {path.relative_to(tmp_path / "home").parts[:3] for path in (tmp_path / "home").rglob("*") if path.is_file()}
    assert kept <= {(".cache", "semantic-image-search", "graphs")}  # mini's graphs, for whatever comes next
    assert cpu_seconds() - before < 60  # so that two cores, or one, need less than a minute, whatever else they do
    answers = [block.splitlines() for block in out.split("\n\n") if block.startswith(("$ search q", "$ search l"))]
    hits = [next(line for line in answer if "\t" in line).split("\t") for answer in answers]
    assert (*(Path(hit[2]).name for hit in hits[:3]), Path(hits[3][3]).name) == FIRST
    assert all(int(hit[3].removesuffix("%")) >= 50 for hit in hits[:3])  # the right ones are matches, too
    assert hits[3][2] == "cropped"


def test_the_network_is_watched(newcomer: dict[str, str], tmp_path: Path) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://localhost:9/')"
    done = subprocess.run([sys.executable, "-c", code], env=newcomer, capture_output=True, text=True, check=False)
    assert "there is no network here" in done.stderr
    assert "localhost" in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("reached", ["photos", "library/library.sqlite3"])
def test_ctrl_c_leaves_nothing(reached: str, newcomer: dict[str, str], tmp_path: Path) -> None:
    running = start(newcomer)
    until = time.monotonic() + 300
    while not list((tmp_path / "tmp").glob(f"search-demo-*/{reached}")) and running.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal sends it: to the workers, too
    _, err = running.communicate(timeout=300)
    # Where a Ctrl-C falls into code that a library runs from a string, Python itself ends by the signal: 130 in a shell.
    assert running.returncode in {130, -signal.SIGINT}
    assert err.splitlines()[-1] == "search: stopped"
    assert left_by_search(tmp_path) == []
