"""A library of an older version: a run brings it up to date; whoever only reads says that a run would."""

from pathlib import Path

import pytest
from PIL import Image

from core.errors import LibraryTooOld
from core.queries import SearchMode
from semantic_image_search import Library, open_library
from tests.db.test_words import make_older
from tests.fakes import FakeEncoder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("red", "green"):
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    (folder / "red.txt").write_text("a harp")
    return folder


@pytest.fixture
def library(photos: Path, tmp_path: Path) -> Library:
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    opened.index([photos])
    make_older(tmp_path / "library")
    return opened


@pytest.mark.parametrize("named", [True, False], ids=["its folder again", "refreshed"])
def test_a_run_migrates_it_and_keeps_what_it_holds(library: Library, photos: Path, *, named: bool) -> None:
    paths = [photos] if named else []
    with pytest.raises(LibraryTooOld, match="search index"):
        library.search("harp")
    assert library.undecided(paths) is None
    assert library.index(paths).unchanged == 2
    assert [Path(hit.picture.path.decode()).name for hit in library.search("harp", mode=SearchMode.TEXT).hits] == [
        "red.png"
    ]
    assert library.doctor() == []


def test_a_dry_run_changes_nothing(library: Library, photos: Path) -> None:
    with pytest.raises(LibraryTooOld, match="search index"):
        library.index([photos], dry_run=True)
    with pytest.raises(LibraryTooOld, match="search index"):
        library.status()
