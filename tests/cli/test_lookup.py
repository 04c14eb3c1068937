"""`search lookup`: one block per picture; pictures that cannot be read; lists on stdin."""

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.errors import PictureProblem, ProblemKind
from core.queries import CopyKind, Filters
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary, hit, result

HITS = (
    hit(b"/photos/dog.jpg", score=1.0, copy=CopyKind.IDENTICAL),
    hit(b"/photos/small.jpg", rank=2, score=0.97, copy=CopyKind.RESIZED),
    hit(b"/photos/wolf.jpg", rank=3, score=0.8, copy=CopyKind.SIMILAR),
)
BROKEN = PictureProblem(ProblemKind.BROKEN, "not a readable JPEG")


@pytest.fixture(autouse=True)
def _answers(library: FakeLibrary) -> None:
    library.answer = result(*HITS, query="dog.jpg")
    library.lookups[b"bad.jpg"] = BROKEN


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))


def test_one_picture_is_one_list_of_hits_with_their_kind(search: Search, library: FakeLibrary) -> None:
    ran = search("lookup", "dog.jpg", "-k", "3", "--in", "/photos")
    assert ran.code == 0
    assert ran.lines == [
        "1.0000\t2019-05-01 12:30\tidentical\t/photos/dog.jpg",
        "0.9700\t2019-05-01 12:30\tresized\t/photos/small.jpg",
        "0.8000\t2019-05-01 12:30\tsimilar\t/photos/wolf.jpg",
    ]
    assert ran.err == "12,000 of 12,400 indexed, ViT-B-32, 0.4 s\n"
    asked = library.asked("lookup")
    assert (asked["image"], asked["k"], asked["filters"]) == (b"dog.jpg", 3, Filters(folders=(b"/photos",)))


def test_several_pictures_are_a_block_each_and_a_bad_one_does_not_stop_the_rest(search: Search) -> None:
    ran = search("lookup", "dog.jpg", "bad.jpg", "cat.jpg")
    assert ran.code == 1
    blocks = [block.splitlines() for block in ran.out.split("\n\n")]
    assert [block[0] for block in blocks] == ["dog.jpg:", "bad.jpg:", "cat.jpg:"]
    assert [len(block) for block in blocks] == [4, 1, 4]
    assert "search: bad.jpg: not a readable JPEG" in ran.err.splitlines()


def test_json_is_an_object_for_one_and_a_list_for_several(search: Search) -> None:
    one = json.loads(search("lookup", "dog.jpg", "--json").out)
    assert [found["copy"] for found in one["hits"]] == ["identical", "resized", "similar"]
    ran = search("lookup", "dog.jpg", "bad.jpg", "--json")
    assert ran.code == 1
    several = json.loads(ran.out)
    assert several == [
        one,
        {
            "query": str(Path("bad.jpg").absolute()),
            "hits": [],
            "error": {"kind": "broken", "reason": "not a readable JPEG"},
        },
    ]


def test_json_lines_are_one_picture_each(search: Search) -> None:
    ran = search("lookup", "dog.jpg", "bad.jpg", "--jsonl")
    values = [json.loads(line) for line in ran.lines]
    assert [(value["query"], len(value["hits"])) for value in values] == [
        ("dog.jpg", 3),
        (str(Path("bad.jpg").absolute()), 0),
    ]


def test_paths_of_all_pictures(search: Search) -> None:
    assert search("lookup", "dog.jpg", "cat.jpg", "--paths").lines == [
        *("/photos/dog.jpg", "/photos/small.jpg", "/photos/wolf.jpg") * 2
    ]


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        (b"a.jpg\n\nb c.jpg\n", [b"a.jpg", b"b c.jpg"]),
        (b"a\nb.jpg\0\xff.jpg\0", [b"a\nb.jpg", b"\xff.jpg"]),
    ],
)
def test_a_list_on_stdin(
    data: bytes, asked: list[bytes], search: Search, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(monkeypatch, data)
    assert search("lookup", "-").code == 0
    assert [options["image"] for name, options in library.calls if name == "lookup"] == asked


def test_an_empty_list_on_stdin_is_a_usage_error(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, b"\n")
    ran = search("lookup", "-")
    assert (ran.code, ran.err) == (2, "search: there were no paths on stdin\n")


def test_a_picture_that_cannot_be_read_alone(search: Search) -> None:
    ran = search("lookup", "bad.jpg")
    assert (ran.code, ran.out, ran.err) == (1, "", "search: bad.jpg: not a readable JPEG\n")


def test_lookup_needs_a_picture(search: Search) -> None:
    ran = search("lookup")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "search lookup --help" in ran.err
