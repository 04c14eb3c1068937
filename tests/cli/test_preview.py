"""`--preview` and `--open`: which terminal gets what, and the contact sheet."""

import base64
import os
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

from cli.preview import iterm_picture, kitty_picture, picture_protocol
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary, hit, result


@pytest.mark.parametrize(
    ("environment", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, kitty_picture),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, kitty_picture),
        ({"TERM_PROGRAM": "ghostty"}, kitty_picture),
        ({"TERM_PROGRAM": "iTerm.app"}, iterm_picture),
        ({"TERM_PROGRAM": "WezTerm"}, iterm_picture),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/tmux"}, None),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, None),
        ({"TERM": "xterm-256color"}, None),
        ({}, None),
    ],
)
def test_the_terminal_decides_the_protocol(environment: dict[str, str], protocol: object) -> None:
    assert picture_protocol(environment) is protocol


def test_kitty_gets_the_whole_picture_in_pieces() -> None:
    png = os.urandom(10_000)
    pieces = re.findall(rb"\x1b_G([^;]*);([^\x1b]*)\x1b\\", kitty_picture(png))
    assert [head for head, _ in pieces] == [b"a=T,f=100,m=1", b"m=1", b"m=1", b"m=0"]
    assert all(len(data) <= 4096 for _, data in pieces)
    assert base64.b64decode(b"".join(data for _, data in pieces)) == png


def test_iterm_gets_the_whole_picture() -> None:
    found = re.fullmatch(rb"\x1b\]1337;File=inline=1;size=3:(.*)\x07", iterm_picture(b"png"))
    assert found is not None
    assert base64.b64decode(found[1]) == b"png"


@pytest.fixture
def shown(library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two hits, one of which is gone; a temporary folder of its own."""
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 32), (220, 30, 30)).save(picture)
    library.answer = result(hit(bytes(picture)), hit(b"/gone.jpg", rank=2))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return picture


def test_a_pipe_gets_a_contact_sheet(shown: Path, search: Search, tmp_path: Path) -> None:
    ran = search("a dog", "--preview")
    assert ran.code == 0, ran.err
    assert len(ran.lines) == 2
    sheet = Path(ran.err.splitlines()[-1].removeprefix("contact sheet: "))
    assert sheet.parent.parent == tmp_path
    with Image.open(sheet) as image:
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24)}  # type: ignore[union-attr] - RGB always has colours
    assert any(abs(red - 220) < 6 and green < 40 and blue < 40 for red, green, blue in colours)  # type: ignore[misc] - RGB tuples


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An xdg-open that writes down what it was given."""
    if sys.platform == "darwin" or os.name == "nt":
        pytest.skip("the opener is found by name here")
    (tmp_path / "bin").mkdir()
    opener = tmp_path / "bin" / "xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/half && mv {tmp_path}/half {tmp_path}/opened\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path / "opened"


def read_soon(path: Path) -> str:
    import time

    for _ in range(100):
        if path.exists():
            return path.read_text()
        time.sleep(0.05)
    pytest.fail("the viewer was not started")


def test_open_starts_the_viewer_on_the_best_hit(shown: Path, opened: Path, search: Search) -> None:
    assert search("a dog", "--open").code == 0
    assert read_soon(opened) == str(shown)


def test_open_with_preview_opens_the_sheet(shown: Path, opened: Path, search: Search) -> None:
    ran = search("a dog", "--open", "--preview", "--json")
    assert read_soon(opened) == ran.err.splitlines()[-1].removeprefix("contact sheet: ")


def test_no_viewer_is_one_line(shown: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    ran = search("a dog", "--open", "--paths")
    assert ran.code == 1
    assert "no program to open pictures" in ran.err.splitlines()[-1]


def test_nothing_found_shows_nothing(library: FakeLibrary, search: Search) -> None:
    library.answer = result()
    ran = search("a dog", "--preview", "--open")
    assert (ran.code, ran.out) == (0, "")
    assert "contact sheet" not in ran.err
