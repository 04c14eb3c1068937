"""The real programs: `search serve` in a process of its own, and the command line that finds it, or does without."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image

from cli.main import main
from core.program import VERSION
from semantic_image_search import open_library
from tests.conftest import PROJECT
from tests.fakes import COLOURS

HEAVY = {
    "numpy",
    "sqlalchemy",
    "faiss",
    "torch",
    "openvino",
    "tokenizers",
    "PIL",
    "pydantic",
    "rich",
    "encoders",
    "db",
    "media",
}
LOADED = (
    "import sys; from cli.main import main; code = main(sys.argv[1:]); print(' '.join(sys.modules), file=sys.stderr)"
)

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that the real program can read, with the built-in model, and its photos beside it."""
    folder = tmp_path_factory.mktemp("mini")
    (folder / "photos").mkdir()
    for colour, rgb in COLOURS.items():
        Image.new("RGB", (64, 64), rgb).save(folder / "photos" / f"{colour}.png")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SEARCH_CONFIG", str(folder / "none.toml"))
        with open_library(folder / "library", model="mini") as opened:
            opened.index([folder / "photos"])
    return folder


@pytest.fixture
def photos(indexed: Path) -> Path:
    return indexed / "photos"


@pytest.fixture(autouse=True)
def _its_settings(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_LIBRARY", str(indexed / "library"))


def search(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def serve() -> Iterator[Start]:
    with ExitStack() as ends:

        def start(*options: str) -> subprocess.Popen[str]:
            process = ends.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "cli", "serve", "--no-page", *options],
                    cwd=PROJECT,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            ends.callback(process.kill)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("answering search query and search lookup (ready after ")
            return process

        yield start


OF_THIS_PROCESS = ("answered", "texts are encoded by", "images are encoded by")  # what `-v` says of it alone


def untimed(text: str) -> str:
    """Without what a clock says, and without who answered."""
    text = re.sub(r'"took_ms": \{[^}]*\}', "took", text)
    kept = (line for line in text.splitlines(keepends=True) if not line.startswith(OF_THIS_PROCESS))
    return re.sub(r"[\d.]+ (m?s)\b", r"\1", "".join(kept))


def asked(photos: Path) -> list[tuple[str, ...]]:
    return [
        ("red",),
        ("query", "a red thing", "-k", "3", "--json"),
        ("query", "red", "--jsonl", "-v"),
        ("query", "red", "--type", "png", "--sort", "date", "--paths"),
        ("query", "red", "--only-matches", "-0"),
        ("query", "--image", str(photos / "red.png"), "--not", "blue", "--json"),
        ("query", "green", "--mode", "text"),
        ("query", "red", "-k", "99999"),
        ("query", "red", "--date", "never"),
        ("query",),
        (str(photos / "red.png"),),
        ("lookup", str(photos / "red.png"), str(photos / "gone.png"), str(photos / "blue.png")),
        ("lookup", str(photos / "red.png"), str(photos / "gone.png"), "--json"),
        ("lookup", str(photos / "red.png"), "--jsonl", "-v"),
        ("query", "red", "--device", "cpu"),
    ]


def test_the_same_is_printed_with_and_without_a_server(
    serve: Start, photos: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def search(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(words)
        out, err = capfd.readouterr()
        return code, untimed(out), untimed(err)

    alone = [search(*words) for words in asked(photos)]
    server = serve("-v")
    for words, own in zip(asked(photos), alone, strict=True):
        assert search(*words) == own, words
    server.terminate()
    assert server.stderr is not None
    lines = server.stderr.read().splitlines()
    assert lines[-1] == "the server has ended"
    kinds = [line.split()[0] for line in lines[:-1]]
    assert kinds.count("search") == 8  # two are refused before, and --device is the command line's own affair
    assert kinds.count("lookup") == 7


def test_who_answered_is_said_and_nothing_heavy_is_loaded_to_hear_it(serve: Start, photos: Path) -> None:
    server = serve()
    for words in (
        ("red", "-v"),
        ("query", "red", "-v", "--in", str(photos), "--json"),
        ("lookup", str(photos / "red.png"), "-v"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", LOADED, *words], cwd=PROJECT, capture_output=True, text=True, check=True
        )
        assert f"answered by the server (process {server.pid})" in done.stderr
        assert HEAVY & {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split()} == set()


def test_a_warm_query_takes_less_cpu_than_importing_numpy_and_faiss(serve: Start) -> None:
    def cpu(*command: str) -> float:
        taken = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], cwd=PROJECT, capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(taken)

    serve()
    assert cpu("-m", "cli", "red") < cpu("-c", "import numpy, faiss, sqlalchemy")


def test_a_server_that_was_killed_leaves_nothing_in_the_way(serve: Start, runtime: Path) -> None:
    server = serve()
    server.kill()
    server.wait()
    (left,) = (runtime / "search-serve").glob("*.sock")
    done = search("red", "-v")
    assert done.returncode == 0
    assert "answered here: the server left its socket behind (Connection refused)" in done.stderr
    serve()  # takes the place over
    assert left.is_socket()
    assert "answered by the server" in search("red", "-v").stderr


def test_a_server_that_is_stopped_is_not_waited_for(serve: Start) -> None:
    server = serve()
    os.kill(server.pid, signal.SIGSTOP)
    done = search("red", "-v", "-k", "1")
    os.kill(server.pid, signal.SIGCONT)
    assert done.returncode == 0
    assert "red.png" in done.stdout
    assert "answered here: the server is silent" in done.stderr
    assert "answered by the server" in search("red", "-v").stderr


def test_a_second_server_is_one_line(serve: Start, indexed: Path) -> None:
    server = serve()
    done = search("serve", "--no-page")
    assert done.returncode == 1
    assert (
        done.stderr
        == f"search: {indexed / 'library'} has a server already (process {server.pid}): end that one first\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_cleanly(serve: Start, runtime: Path, number: signal.Signals) -> None:
    server = serve()
    server.send_signal(number)
    assert server.wait(20) == 0
    assert server.stderr is not None
    assert server.stderr.read() == "the server has ended\n"
    assert not list((runtime / "search-serve").glob("*.sock"))


def test_what_cannot_be_served_is_one_line(tmp_path: Path) -> None:
    for words, code, says in (
        (("--library", str(tmp_path / "none")), 1, "no library at"),
        (("--idle", "-1"), 2, "idle"),
        (("--idle", "soon"), 2, "idle"),
        (("--device", "toaster"), 2, "device"),
        (("now",), 2, "serve"),
    ):
        done = search("serve", "--no-page", *words)
        assert done.returncode == code
        assert len(done.stderr.splitlines()) == 1
        assert says in done.stderr


def test_memory_is_given_back_when_nobody_asks(serve: Start) -> None:
    server = serve("--idle", "0.02")
    before = time.monotonic()
    assert server.stderr is not None
    assert server.stderr.readline().startswith("nobody has asked for a while")
    assert time.monotonic() - before < 20
    assert "answered by the server" in search("red", "-v").stderr


def test_the_version_is_the_packages() -> None:
    from importlib.metadata import version

    assert version("semantic-image-search") == VERSION


def test_json_is_as_json_was(serve: Start) -> None:
    serve()
    found = json.loads(search("query", "red", "--json").stdout)
    assert found["hits"][0]["path"].endswith("red.png")
    assert set(found["took_ms"]) == {"encode", "retrieve", "rerank", "total"}
