"""`search serve` with its page, the real program: where it is, who may come in, and what is told to whom."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import segno

from cli import page
from tests.cli.conftest import Search
from tests.cli.parts import index_one_red
from tests.conftest import PROJECT

Start = Callable[..., "Page"]


class Page:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.address = process.stdout.readline().strip()

    def session(self) -> dict[str, object]:
        with urllib.request.urlopen(f"{self.address.partition('#')[0]}api/v1/session") as said:
            return json.load(said)

    def end(self) -> tuple[str, str]:
        """What else it said, on stdout and stderr."""
        self.process.terminate()
        return self.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return index_one_red(tmp_path_factory.mktemp("served"))


@pytest.fixture
def start(indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TMPDIR", "/tmp")
    with ExitStack() as ends:

        def run(*options: str, library: Path = indexed) -> Page:
            command = [sys.executable, "-m", "cli", "serve", "--library", str(library), *options]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            process = ends.enter_context(subprocess.Popen(command, cwd=PROJECT, **pipes))  # type: ignore[call-overload]
            ends.callback(process.kill)
            return Page(process)

        yield run


def test_the_page_is_at_the_address_that_is_printed_for_its_owner(start: Start) -> None:
    served = start("--port", "0")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", served.address)
    assert served.session()["scope"] == "owner"
    with urllib.request.urlopen(served.address) as said:
        assert b"<!doctype html>" in said.read().lower()
    assert served.process.stderr is not None
    assert served.process.stderr.readline().startswith("answering search query and search lookup (ready after ")
    assert served.end() == ("", "the server has ended\n")


def test_a_taken_port_is_stepped_over_unless_it_was_asked_for(start: Start) -> None:
    port = start("--port", "0").address.rpartition(":")[2].strip("/")
    done = subprocess.run(
        [sys.executable, "-m", "cli", "serve", "--port", port], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"search: port {port} is taken by other programs: name a free one with --port (0: any)\n"


def test_before_the_first_index_there_is_a_page_too(start: Start, tmp_path: Path) -> None:
    served = start("--port", "0", library=tmp_path / "none")
    assert served.session()["model"] is None
    assert not (tmp_path / "none").exists()


def test_others_need_the_token_that_was_shown_once(start: Start, search: Search, indexed: Path) -> None:
    made = search("serve", "--new-token", "--library", str(indexed))
    assert (made.code, len(made.lines)) == (0, 1)
    served = start("--host", "127.0.0.2", "--port", "0")
    assert served.process.stdout is not None
    others = served.process.stdout.readline().strip()
    assert others == served.address.replace("127.0.0.1", "127.0.0.2")
    asked = urllib.request.Request(
        f"{others}api/v1/session",
        json.dumps({"token": made.lines[0]}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as said:
        assert "HttpOnly" in said.headers["set-cookie"]
    out, err = served.end()
    assert made.lines[0] not in out + err


def test_nobody_is_let_in_with_a_token_that_was_never_made(search: Search, indexed: Path) -> None:
    done = search("serve", "--host", "127.0.0.2", "--port", "0", "--library", str(indexed))
    assert done.code == 2
    assert (
        done.err
        == "search: --host needs a token, and none was made yet: search serve --new-token makes and shows one\n"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--host", "photos.example.org"), "--host needs an address"),
        (("--lan", "--host", "127.0.0.2"), "--lan finds its own address"),
        (("--lan", "--trust-proxy", "a.example"), "--lan finds its own address"),
        (("--trust-proxy", "https://a.example/"), "--trust-proxy needs the page's name"),
        (("--trust-proxy", "a.example", "--base-path", "photos/"), "--base-path begins with"),
        (("--trust-proxy", "a.example", "--host", "127.0.0.2", "--new-token"), "there is no token"),
        (("--no-page", "--lan"), "--no-page"),
        (("--port", "70000"), "--port"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    search: Search, indexed: Path, words: tuple[str, ...], says: str
) -> None:
    done = search("serve", "--library", str(indexed), *words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert says in done.err


def test_behind_a_proxy_nobody_is_the_owner(start: Start) -> None:
    served = start("--trust-proxy", "photos.example.org", "--base-path", "/photos", "--port", "0")
    assert served.address.endswith("/photos/")
    said = served.session()
    assert (said["scope"], said["base_path"]) == ("search", "/photos")
    assert "have it ask who they are" in served.end()[1]


def test_a_phones_camera_finds_the_address_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page._show_code("http://192.168.1.5:7117/#token=x")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(page, "err_is_terminal", lambda: True)
    page._show_code("http://192.168.1.5:7117/#token=x")
    lines = capsys.readouterr().err.splitlines()
    shown = [re.fullmatch("\x1b\\[97;40m([ ▀▄█]+)\x1b\\[0m", line) for line in lines]
    dots = [[dot in pair for dot in line[1]] for line in shown if line for pair in ("▀█", "▄█")]  # light ones
    quiet = next(row for row, line in enumerate(dots) if not all(line))
    code = segno.make("http://192.168.1.5:7117/#token=x", micro=False)
    size = len(code.matrix)
    drawn = [[not dot for dot in line[quiet : quiet + size]] for line in dots[quiet : quiet + size]]
    assert drawn == [[bool(dot) for dot in line] for line in code.matrix]
