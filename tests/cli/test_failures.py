"""How commands end that could not do their work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary
from tests.conftest import PROJECT

SECRET = "the secret birthday party"


def test_a_bug_is_an_apology_and_a_log(library: FakeLibrary, search: Search, tmp_path: Path) -> None:
    library.answer = ZeroDivisionError("what now")
    ran = search(SECRET, "--in", "/private/folder")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "this is a bug in search, sorry (ZeroDivisionError)" in ran.err
    (log,) = (tmp_path / "state").rglob("*.log")
    assert str(log) in ran.err
    text = log.read_text()
    assert "Traceback" in text
    assert "ZeroDivisionError: what now" in text
    assert SECRET not in text
    assert "/private/folder" not in text


@pytest.mark.parametrize("words", [("--debug", "a dog"), ("a dog", "--debug"), ("query", "--debug", "a dog")])
def test_debug_shows_the_traceback(
    words: tuple[str, ...], library: FakeLibrary, search: Search, tmp_path: Path
) -> None:
    library.answer = ZeroDivisionError("what now")
    ran = search(*words)
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert not (tmp_path / "state").exists()


def test_a_log_that_cannot_be_written_is_said(
    library: FakeLibrary, search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    library.answer = ZeroDivisionError("what now")
    ran = search("a dog")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "--debug" in ran.err


def test_ctrl_c_is_130_without_a_traceback(library: FakeLibrary, search: Search) -> None:
    library.answer = KeyboardInterrupt()
    ran = search("a dog")
    assert (ran.code, ran.out, ran.err) == (130, "", "\nsearch: stopped\n")


PIPED = """
import sys
from cli import context
from tests.cli.parts import FakeLibrary, hit, result
from cli.main import main
fake = FakeLibrary()
fake.answer = result(*[hit(rank=n) for n in range(1, 20000)])
context.open_library = fake.open
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["--json", "--jsonl", "--paths", "-0", "-v"])
def test_a_closed_pipe_is_quiet(form: str, unbuffered: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PIPED, "a dog", form],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait() == 141
    assert err == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_large_answer_comes_through_a_pipe_whole(unbuffered: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PIPED, "a dog", "-0"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
    )
    assert done.stdout == b"/photos/dog.jpg\0" * 19_999


def test_no_stdin_is_no_question(library: FakeLibrary) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PIPED, "forget", "/p"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "/p: 12 files forgotten; the files are untouched\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_is_full_is_told_in_one_line(unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "cli", "models", "list"],
            stdout=full, stderr=subprocess.PIPE, cwd=PROJECT, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, check=False,
        )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.decode().splitlines() == [
        "search: the output cannot be written (No space left on device): see where it was to go"
    ]


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes the stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_is_no_bug(closed: str) -> None:
    command = f'"$0" -m cli models list {closed}'
    ran = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, cwd=PROJECT, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert (b"mini" in ran.stdout) == (closed == "2>&-")
