"""`search duplicates`: groups as lines, tables and lists, on a library of real files."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cli import context
from semantic_image_search import open_library
from tests.cli.conftest import Search
from tests.fakes import FakeEncoder

NAMES = ("beagle.jpg", "alp.jpg", "candle.jpg")


def make_photos(test_data: Path, folder: Path) -> Path:
    """A photo twice, a photo and a small copy, a photo alone; with a library of them beside the folder."""
    folder.mkdir()
    for name in NAMES:
        shutil.copy2(test_data / "photos" / name, folder)
    shutil.copy2(folder / "beagle.jpg", folder / "a copy,\nof the beagle.jpg")
    with Image.open(folder / "alp.jpg") as image:
        image.reduce(2).save(folder / "alp, small.jpg")
    with open_library(folder.parent / "library", model=FakeEncoder()) as library:
        library.index([folder])
    return folder


def put_behind(photos: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The commands open the library of these."""
    library = photos.parent / "library"
    monkeypatch.setattr(context, "open_library", lambda path: open_library(library, model=FakeEncoder()))
    return photos


@pytest.fixture(scope="module")
def made(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_photos(test_data, tmp_path_factory.mktemp("duplicates") / "photos")


@pytest.fixture
def photos(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Not to be changed."""
    return put_behind(made, monkeypatch)


@pytest.fixture
def my_photos(test_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """To be changed."""
    return put_behind(make_photos(test_data, tmp_path / "photos"), monkeypatch)


def test_lines_for_a_pipe(search: Search, photos: Path) -> None:
    ran = search("duplicates")
    assert ran.code == 0
    rows = [line.split("\t") for line in ran.lines]
    assert [row[:2] for row in rows] == [["1", "keep"], ["1", "identical"], ["2", "keep"], ["2", "resized"]]
    assert [row[5] for row in rows] == [
        str(photos / "beagle.jpg"),
        str(photos / r"a copy,\nof the beagle.jpg"),  # on one line
        str(photos / "alp.jpg"),
        str(photos / "alp, small.jpg"),
    ]
    assert rows[3][2:4] == ["200×150", str((photos / "alp, small.jpg").stat().st_size)]
    assert ran.err.startswith("2 groups, ")
    assert ran.err.rstrip().endswith("4 pictures compared; nothing was deleted")


def test_fewer_groups_say_how_many_there_are(search: Search, photos: Path) -> None:
    ran = search("duplicates", "-k", "1")
    assert len(ran.lines) == 2
    assert "1 group, " in ran.err
    assert "in all 2 groups" in ran.err


def test_paths_of_what_can_be_spared(search: Search, photos: Path) -> None:
    spare = [photos / "a copy,\nof the beagle.jpg", photos / "alp, small.jpg"]
    assert search("duplicates", "-0").out.split("\0")[:-1] == [str(path) for path in spare]
    assert search("duplicates", "--kind", "near_copy", "--paths").lines == [str(spare[1])]


def test_what_cannot_be_vouched_for_is_on_no_list(search: Search, my_photos: Path) -> None:
    if os.geteuid() == 0:
        small = my_photos / "alp, small.jpg"
        found = small.stat()
        small.write_bytes(b"x" * found.st_size)  # no picture any more, and to all appearances as it was
        os.utime(small, ns=(found.st_atime_ns, found.st_mtime_ns))
    else:
        (my_photos / "alp, small.jpg").chmod(0)
    ran = search("duplicates", "--paths", "--kind", "near_copy")
    assert ran.out == ""
    assert "not on the list: 1 × offline, cropped, or not to be opened" in ran.err
    assert [line.split("\t")[1] for line in search("duplicates", "--kind", "near_copy").lines] == ["keep", "alike"]


def test_a_table_of_all_files(search: Search, photos: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(search("duplicates", "--csv").out, newline="")))
    assert [(row["group"], row["keep"], row["copy"], row["compared"]) for row in rows] == [
        ("1", "yes", "", ""),
        ("1", "no", "identical", "bytes"),
        ("2", "yes", "", ""),
        ("2", "no", "resized", "pixels"),
    ]
    assert rows[1]["path"] == str(photos / "a copy,\nof the beagle.jpg")
    assert [row["largest"] for row in rows] == ["no", "no", "yes", "no"]


def test_a_table_of_nothing_has_its_heading(search: Search, photos: Path) -> None:
    ran = search("duplicates", "--csv", "--type", "png")
    assert ran.out.startswith("group,kind,why,")
    assert len(ran.lines) == 1
    assert "no duplicates among 0 pictures" in ran.err


def test_json_of_all_and_by_lines(search: Search, photos: Path) -> None:
    whole = json.loads(search("duplicates", "--json").out)
    assert (whole["total_groups"], whole["searched"], whole["next_cursor"], whole["notices"]) == (2, 4, None, [])
    lines = [json.loads(line) for line in search("duplicates", "--jsonl").lines]
    assert lines == whole["groups"]
    assert [one["name"] for one in lines[1]["files"]] == ["alp.jpg", "alp, small.jpg"]
    first = json.loads(search("duplicates", "--json", "-k", "1").out)
    assert first["groups"] == whole["groups"][:1]
    assert first["next_cursor"]


def test_all_pages_make_one_list(search: Search, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = search("duplicates", "--csv").out
    monkeypatch.setattr("cli.duplicates_shown.AT_ONCE", 1)
    assert search("duplicates", "--csv").out == whole


def test_a_folder_to_keep_and_no_look(search: Search, my_photos: Path) -> None:
    other = my_photos.parent / "photos" / "kept"
    ran = search("duplicates", "--keep-in", str(other), "--no-look", "--kind", "identical")
    assert len(ran.lines) == 2
    (my_photos / "beagle.jpg").unlink()
    assert len(search("duplicates", "--no-look", "--kind", "identical").lines) == 2
    gone = search("duplicates", "--kind", "identical")
    assert gone.out == ""
    assert "left out: 1 × changed or gone since it was indexed" in gone.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "same"), "'same' is not one of 'identical', 'near_copy'"),
        (("-k", "0"), "greater than or equal to 1"),
        (("--paths", "--no-look"), "takes a look at them"),
        (("--json", "--csv"), "--json and --csv are two ways"),
        (("dogs",), "takes no words"),
    ],
)
def test_what_makes_no_sense_is_told(search: Search, photos: Path, words: tuple[str, ...], said: str) -> None:
    ran = search("duplicates", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
