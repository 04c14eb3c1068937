"""On a real terminal (a pty): colour, links, questions, the bar; and nothing of it with NO_COLOR or in a pipe."""

import os
import re
import select
import signal
import sys

import pytest

from tests.conftest import PROJECT

pty = pytest.importorskip("pty", reason="no pseudo terminals here")

PATIENCE_S = 60.0  # without a word, until it is taken to hang

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
            raise WeightsMissing("no weights: search models pull RN50", fetchable="RN50")
        return super().index(paths, **options)

fake = Needy()
fake.answer = result(hit(b"/photos/" + b"long folder/" * 20 + b"dog & \\xff.jpg", alike=BURST))
fake.report = IndexReport(added=3)
fake.progress = (Progress("scan", 3, None), Progress("index", 1, 3), Progress("index", 3, 3))
context.open_library = fake.open
sys.exit(main(sys.argv[1:]))
"""


NEW_LIBRARY = """
import sys
from cli import context
from core.errors import WeightsMissing
from core.indexing import IndexReport
from tests.cli.parts import FakeLibrary
from cli.main import main

class Undecided(FakeLibrary):
    def index(self, paths=(), **options):
        if self.opened["model"] is None and (not self.opened["download"] or "/offline" in paths):
            raise WeightsMissing("the hub cannot be reached, or use --model mini", fetchable="RN50")
        self.report = IndexReport(added=3, embedded=3, seconds=1, model=self.opened["model"] or "RN50")
        return super().index(paths, **options)

fake = Undecided()
fake.needs = "RN50"
context.open_library = fake.open
sys.exit(main(sys.argv[1:]))
"""


def on_terminal(
    *words: str, answer: bytes = b"", then: bytes = b"", program: str = PROGRAM, **environment: str
) -> tuple[int, str]:
    """The exit code, and everything that reached the terminal; the answers go to its first and its second question."""
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TMUX"}}
    env |= {"TERM": "xterm-256color", "COLUMNS": "80", "PYTHONPATH": str(PROJECT), **environment}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, "-c", program, *words], env)
    seen = b""
    answers = [answer, then]
    try:
        while True:
            if not select.select([terminal], [], [], PATIENCE_S)[0]:
                os.kill(child, signal.SIGKILL)
            data = os.read(terminal, 65536)
            if not data:
                break
            seen += data
            if answers and seen.count(b"] ") > 2 - len(answers):
                os.write(terminal, answers.pop(0))
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


@pytest.mark.parametrize(("answer", "model"), [(b"\n", "RN50"), (b"y\n", "RN50"), (b"n\n", "mini")])
def test_a_new_library_asks_once_and_has_two_ways_out(answer: bytes, model: str) -> None:
    code, seen = on_terminal("index", "/p", answer=answer, program=NEW_LIBRARY, HF_HUB_CACHE="/the/cache")
    assert code == 0
    question = "Download RN50 (408 MB) to /the/cache? Without it mini is used, the small model that is built in [Y/n] "
    assert question in plain(seen)
    assert plain(seen).count("[Y/n]") == 1
    assert f"3 pictures embedded with {model} in 1.0 s" in plain(seen)
    assert ("`search models use RN50` changes that" in plain(seen)) is (model == "mini")


@pytest.mark.parametrize(("then", "code"), [(b"\n", 0), (b"y\n", 0), (b"n\n", 1), (b"\x04", 130)])
def test_a_download_that_fails_is_told_and_asked_about(then: bytes, code: int) -> None:
    ended, seen = on_terminal("index", "/offline", answer=b"y\n", then=then, program=NEW_LIBRARY)
    lines = plain(seen).splitlines()
    assert "search: the hub cannot be reached, or use --model mini" in lines
    assert "Take mini instead? [Y/n] " in plain(seen)
    assert ended == code
    assert ("3 pictures embedded with mini in 1.0 s" in plain(seen)) is (code == 0)
    assert plain(seen).count("the hub cannot be reached") == 1


def test_yes_is_not_asked_about_a_download_that_fails() -> None:
    ended, seen = on_terminal("index", "/offline", "--yes", program=NEW_LIBRARY)
    assert ended == 1
    assert "[Y/n]" not in seen
    assert plain(seen).splitlines()[-1] == "search: the hub cannot be reached, or use --model mini"


def test_the_built_in_model_is_refused_before_anybody_is_asked_to_remove_it() -> None:
    ended, seen = on_terminal("models", "remove", "mini")
    assert (ended, plain(seen)) == (2, "search: mini is built in: it comes with `search`, and is not removed\n")


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
