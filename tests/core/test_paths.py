"""Paths are bytes: compared as bytes, shown as text, exact in JSON."""

import base64
from pathlib import Path

import pytest

from core.paths import absolute, display, is_at_or_below, json_path


@pytest.mark.parametrize(
    ("path", "folder", "below"),
    [
        (b"/a/b/c.jpg", b"/a", True),
        (b"/a/b/c.jpg", b"/a/", True),
        (b"/a/b/c.jpg", b"/", True),
        (b"/a/b/c.jpg", b"/a/b/c.jpg", True),
        (b"/ab/c.jpg", b"/a", False),
        (b"/a", b"/a/b", False),
        (b"/a\xff/c.jpg", b"/a\xff", True),
    ],
)
def test_at_or_below_a_folder(path: bytes, folder: bytes, below: bool) -> None:
    assert is_at_or_below(path, folder) is below


def test_json_is_exact_whatever_the_bytes() -> None:
    assert json_path("/ä/b.jpg".encode()) == {"path": "/ä/b.jpg"}
    odd = json_path(b"/a\xff.jpg")
    assert odd["path"] == "/a\ufffd.jpg"
    assert base64.b64decode(odd["path_b64"]) == b"/a\xff.jpg"


def test_people_see_no_control_characters() -> None:
    assert display(b"/a\n\x1b[31m\xff.jpg") == "/a\\n\\x1b[31m\ufffd.jpg"


def test_absolute_takes_text_and_bytes_alike() -> None:
    here = bytes(Path.cwd())
    assert absolute("a/../b\udcff.jpg") == absolute(b"b\xff.jpg") == here + b"/b\xff.jpg"
    assert absolute("~/x") == bytes(Path.home() / "x")
