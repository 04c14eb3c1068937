"""On a real terminal (a pty): colour, links, questions, the bar; and nothing of it with NO_COLOR or in a pipe."""

import os
import re
import sys

import pytest

from tests.conftest import PROJECT

pty = pytest.importorskip("pty", reason="no pseudo terminals here")

PROGRAM = """
import sys
from cli import context
from core.errors import WeightsMissing
from core.indexing import IndexReport, Progress
from tests.cli.parts import BURST, FakeLibrary, hit, result
from cli.main import main

class Needy(FakeLibrary):
    def index(self, paths=(), **options):
        if not self.opened["download"]:
            raise WeightsMissing("no weights: search models pull RN50")
        return super().index(paths, **options)

fake = Needy()
fake.answer = result(hit(b"/photos/" + b"long folder/" * 20 + b"dog & \\xff.jpg", alike=BURST))
fake.report = IndexReport(added=3)
fake.progress = (Progress("scan", 3, None), Progress("index", 1, 3), Progress("index", 3, 3))
context.open_library = fake.open
sys.exit(main(sys.argv[1:]))
"""


def on_terminal(*words: str, answer: bytes = b"", program: str = PROGRAM, **environment: str) -> tuple[int, str]:
    """The exit code, and everything that reached the terminal."""
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TMUX"}}
    env |= {"TERM": "xterm-256color", "COLUMNS": "80", "PYTHONPATH": str(PROJECT), **environment}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, "-c", program, *words], env)
    seen = b""
    try:
        while data := os.read(terminal, 65536):
            seen += data
            if answer and b"] " in seen:
                os.write(terminal, answer)
                answer = b""
    except OSError:  # Linux ends a pty this way
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen.decode("utf-8", "replace").replace("\r\n", "\n")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\]8;[^\x1b]*\x1b\\", "", text)


LONG = "/photos/" + "long folder/" * 20 + "dog & \ufffd.jpg"


def test_a_hit_is_one_line_with_a_link_and_is_never_cut() -> None:
    code, seen = on_terminal("a dog")
    assert code == 0
    assert plain(seen).splitlines()[0] == f"   1  0.312   2019-05-01 12:30  {LONG}  +11 alike"
    links = set(re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)\x1b\\", seen))
    assert links == {"file:///photos/" + "long%20folder/" * 20 + "dog%20%26%20%FF.jpg"}
    assert re.search(r"\x1b\[[0-9;]*m", seen)
    assert plain(seen).splitlines()[-1] == "12,000 of 12,400 indexed, ViT-B-32, 0.4 s"


def test_no_color_is_honoured() -> None:
    _, seen = on_terminal("a dog", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", seen)
    assert LONG in plain(seen)


def test_help_has_bold_headings_only_with_colour() -> None:
    assert "\x1b[1mCommands\x1b[0m" in on_terminal("--help")[1]
    assert "\x1b[" not in on_terminal("--help", NO_COLOR="1")[1]


@pytest.mark.parametrize(
    ("answer", "code", "says"), [(b"\n", 0, "3 added"), (b"y\n", 0, "3 added"), (b"n\n", 1, "no weights")]
)
def test_a_download_is_asked_for(answer: bytes, code: int, says: str) -> None:
    ended, seen = on_terminal("index", "/p", "--model", "RN50", answer=answer, HF_HUB_CACHE="/the/cache")
    assert "Download RN50 (408 MB) to /the/cache? [Y/n] " in plain(seen)
    assert says in plain(seen)
    assert ended == code


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 1), (b"\x03", 130), (b"\x04", 130)])
def test_forget_asks(answer: bytes, code: int) -> None:
    ended, seen = on_terminal("forget", "/p", answer=answer)
    assert "Forget /p? They will not come back by themselves. [y/N] " in plain(seen)
    assert ended == code
    assert ("12 files forgotten" in seen) is (code == 0)
    assert "Traceback" not in seen


def test_forget_with_yes_does_not_ask() -> None:
    ended, seen = on_terminal("forget", "/p", "--yes")
    assert (ended, plain(seen)) == (0, "/p: 12 files forgotten; the files are untouched\n")


def test_the_bar_goes_when_the_work_is_done() -> None:
    code, seen = on_terminal("index", "/p", "--yes", "--model", "RN50")
    assert code == 0
    assert "━" in seen
    assert plain(seen).splitlines()[-1] == "3 added"
    assert "\x1b[?25h" in seen  # the cursor is back
