"""`search label` and `search tag` on the real front door: real files, a real library, an encoder that sees colours."""

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import semantic_image_search
from cli import context
from db import open_writer
from semantic_image_search.choice import Chosen
from tests.cli.conftest import Search
from tests.fakes import FakeEncoder

COLOURS = {"red": (220, 30, 30), "blue": (30, 60, 220), "green": (30, 160, 40)}
BARE = ("--labels", "red,blue, green", "--template", "{}")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures and one that is none; every library opened has the fake encoder."""

    def open_fake(path: Path | None = None, *, model: str | None = None, **options: Any) -> Any:
        return semantic_image_search.open_library(path, model=FakeEncoder(), **options)

    def choose_fake(name: str | None, **options: Any) -> Chosen:
        return Chosen(FakeEncoder(name or "chosen"), "chosen for you")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(context, "open_library", open_fake)
    monkeypatch.setattr(context, "choose_encoder", choose_fake)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (320, 240), colour).save(folder / f"{name}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def indexed(photos: Path, search: Search) -> Path:
    assert search("index", str(photos)).code == 0
    return photos


def test_one_picture_is_a_line_a_label(indexed: Path, search: Search) -> None:
    ran = search("label", "red.png", *BARE, "-k", "2")
    assert ran.code == 0
    assert [line.split("\t")[1:] for line in ran.lines] == [["red", "labels"], ["green", "labels"]]
    assert float(ran.lines[0].split("\t")[0]) > 0.99
    assert ran.err.startswith("out of 3 labels, fake, ")


def test_without_a_library_a_model_is_chosen_and_said(photos: Path, search: Search) -> None:
    ran = search("label", "red.png", *BARE, "-k", "1", "--jsonl")
    assert json.loads(ran.out)["model"] == "chosen"
    assert "chosen for you" in ran.err
    assert json.loads(search("label", "red.png", *BARE, "--json", "--model", "other").out)["model"] == "other"


def test_several_pictures_and_sets_and_one_that_cannot_be_read(indexed: Path, search: Search) -> None:
    ran = search("label", "red.png", "broken.jpg", "blue.png", *BARE, "--set", "weather", "-k", "1")
    assert ran.code == 1
    blocks = [block.splitlines() for block in ran.out.split("\n\n")]
    assert [(block[0], len(block)) for block in blocks] == [("red.png:", 3), ("broken.jpg:", 1), ("blue.png:", 3)]
    assert [line.split("\t")[2] for line in blocks[0][1:]] == ["weather", "labels"]
    assert "search: broken.jpg: " in ran.err
    assert ran.err.splitlines()[-1].startswith("out of 7 weather and 3 labels, fake, ")


def test_json(indexed: Path, search: Search) -> None:
    ran = search("label", "red.png", "broken.jpg", *BARE, "--or-none", "--json")
    first, second = json.loads(ran.out)
    assert (ran.code, list(first), list(second)) == (
        1,
        ["path", "model", "sets", "notices"],
        ["path", "model", "sets", "error"],
    )
    (only,) = first["sets"]
    assert (only["set"], only["or_none"], len(only["labels"])) == ("labels", True, 3)
    assert list(only["labels"][0]) == ["name", "score", "probability"]
    assert first["path"] == str(indexed / "red.png")
    assert second["error"]["kind"] == "truncated"


def test_pictures_from_stdin(indexed: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = SimpleNamespace(buffer=io.BytesIO(b"red.png\0blue.png\0"), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", listed)
    ran = search("label", "-", *BARE, "-k", "1", "--jsonl")
    assert [json.loads(line)["sets"][0]["labels"][0]["name"] for line in ran.lines] == ["red", "blue"]


def test_labels_of_a_file(indexed: Path, search: Search) -> None:
    Path("colours of mine.txt").write_bytes(b"\xef\xbb\xbf# colours\r\nred\r\n\r\nblue, deep\r\n")
    ran = search("label", "red.png", "--labels-file", "colours of mine.txt", "--template", "{}")
    assert [line.split("\t")[1:] for line in ran.lines] == [
        ["red", "colours of mine"],
        ["blue, deep", "colours of mine"],
    ]
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    assert "latin.txt is no text in UTF-8" in search("label", "red.png", "--labels-file", "latin.txt").err
    assert search("label", "red.png", "--labels-file", "none.txt").code == 2


def test_a_single_label_is_told_about(indexed: Path, search: Search) -> None:
    ran = search("label", "blue.png", "--labels", "red", "--template", "{}")
    assert float(ran.lines[0].split("\t")[0]) < 0.5
    assert "a single label would always have the probability 1" in ran.err


def test_the_built_in_sets_are_listed(photos: Path, search: Search) -> None:
    ran = search("label", "--sets")
    assert [line.split()[0] for line in ran.lines][:2] == ["objects", "scenes"]
    assert search("label", "--sets", "--set", "weather").lines[:2] == ["sunny", "cloudy"]
    assert {one["set"] for one in json.loads(search("label", "--sets", "--json").out)} >= {"objects", "colours"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("label", "which picture?"),
        ("label red.png --set wether", "did you mean weather?"),
        ("label red.png --labels ,", "no labels"),
        ("label red.png --template {}", "--template is for labels of your own"),
        ("label red.png --labels a --template b", "one {} where the label goes"),
        ("label red.png --labels a --json --jsonl", "two ways to print"),
        ("tag --set objects --add x", "are two things"),
        ("tag --list --add x", "are two things"),
        ("tag --min 0.2", "--min goes with labels"),
        ("tag --no-none", "--or-none goes with labels"),
        ("tag --dry-run --add x", "--dry-run goes with labels"),
        ("tag --set objects --as things", "--as names labels of your own"),
        ("tag --labels a --as objects", "built in"),
        ("tag --labels a --as user", "by hand"),
        ("tag --labels a --min 2", "probability above 0"),
        ("tag --add x", "which pictures?"),
        ("tag red.png --add  ", "empty"),
        ("tag --remove x", "no picture has the tag 'x'"),
        ("tag --remove-set x", "no picture has a tag from 'x'"),
        ("query red --tag x", "no picture has the tag 'x'"),
        ("lookup red.png --tag x", "no picture has the tag 'x'"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(indexed: Path, search: Search, words: str, said: str) -> None:
    ran = search(*words.split(" "))
    assert ran.code == 2, ran
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def test_tagging_a_library_and_finding_it_again(indexed: Path, search: Search) -> None:
    dry = search("tag", *BARE, "--as", "rainbow", "--dry-run")
    assert dry.lines == ["1\tblue", "1\tgreen", "1\tred"]
    assert dry.err.startswith("3 of 3 pictures would be tagged, with 3 of the 3 labels of rainbow; fake, ")
    assert search("tag").out == ""

    assert search("tag", *BARE, "--as", "rainbow").code == 0
    assert search("tag").lines == [f"1\t{name}\trainbow (fake)" for name in sorted(COLOURS)]
    assert search("query", "anything", "--tag", "Red", "--paths").lines == [str(indexed / "red.png")]
    (hit,) = json.loads(search("lookup", "blue.png", "--tag", "blue", "--json").out)["hits"]
    assert [(tag["name"], tag["source"], tag["model"]) for tag in hit["tags"]] == [("blue", "rainbow", "fake")]

    again = json.loads(search("tag", "--labels", "red", "--template", "{}", "--as", "rainbow", "--json").out)
    assert again["tags"] == [{"name": "red", "pictures": 1}]
    assert (again["set"], again["min"], again["or_none"], again["pictures"], again["tagged"]) == (
        "rainbow",
        0.3,
        True,
        3,
        1,
    )
    assert [tag["name"] for tag in json.loads(search("tag", "--list", "--json").out)["tags"]] == ["red"]
    assert search("tag", "--remove-set", "rainbow").lines == ["rainbow: 1 picture untagged"]


def test_several_sets_are_several_reports(indexed: Path, search: Search) -> None:
    ran = json.loads(search("tag", "--set", "weather", "--set", "times", "--min", "0.01", "--json").out)
    assert [(report["set"], report["min"], report["or_none"]) for report in ran] == [
        ("weather", 0.01, False),
        ("times", 0.01, False),
    ]
    both = search("tag", "--set", "weather", "--set", "times", "--min", "0.01").lines
    assert {line.split("\t")[2] for line in both} == {"weather", "times"}


def test_tags_by_hand(indexed: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = search("tag", "red.png", "gone.png", "--add", "holiday", "--add", "Ärger")
    assert (ran.code, ran.lines) == (1, ["holiday: 1 picture tagged", "Ärger: 1 picture tagged"])
    assert f"search: {indexed / 'gone.png'}: no picture of the library is there" in ran.err
    listed = SimpleNamespace(buffer=io.BytesIO(b"blue.png\n"), isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", listed)
    assert search("tag", "-", "--add", "Holiday").lines == ["Holiday: 1 picture tagged"]
    assert search("tag", ".", "--list").lines == ["2\tholiday\tuser", "1\tÄrger\tuser"]
    assert search("tag", "blue.png").lines == ["1\tholiday\tuser"]
    both = json.loads(search("tag", "red.png", "--add", "sea", "--remove", "ärger", "--json").out)
    assert both == {
        "added": [{"name": "sea", "pictures": 1}],
        "removed": [{"name": "ärger", "pictures": 1}],
        "unknown": [],
    }
    assert search("tag", "--remove", "holiday").lines == ["holiday: 2 pictures untagged"]
    assert search("tag", "--type", "png", "--add", "all").lines == ["all: 3 pictures tagged"]


def test_tags_that_another_model_found_are_told(indexed: Path, search: Search) -> None:
    search("tag", *BARE, "--as", "rainbow")
    assert "found by" not in search("tag").err
    with open_writer(Path(os.environ["SEARCH_LIBRARY"]), command="test") as writer:
        writer.store.conn.exec_driver_sql("UPDATE asset_tag SET model = 'older'")
    assert "rainbow: found by older, and the library uses fake now; tag again to renew them" in search("tag").err
