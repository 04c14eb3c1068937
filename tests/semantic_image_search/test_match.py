"""A library says how probably its hits match, from the first index run on, and through a change of the model."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from core.errors import UsageError
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder

COLOURS = ("red", "green", "blue")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    return folder


@pytest.fixture
def library(photos: Path, tmp_path: Path) -> Library:
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    opened.index([photos])
    return opened


def matches(library: Library, text: str) -> dict[str, float | None]:
    return {Path(hit.picture.path.decode()).stem: hit.match for hit in library.search(text).hits}


def test_of_three_pictures_the_right_one_matches(library: Library) -> None:
    for colour in COLOURS:
        judged = matches(library, colour)
        assert {name for name, match in judged.items() if match >= 0.5} == {colour}


def test_what_is_not_there_matches_nothing(library: Library) -> None:
    for text in ("submarine", "a horse on the moon"):  # the fake reads colours, and takes anything else for noise
        found = library.search(text, min_match=0.5)
        assert found.hits == ()
        assert len(found.nearest) == 3


def test_pictures_and_vectors_are_not_judged(library: Library, photos: Path) -> None:
    (vector,) = library.encode_texts(["red"])
    for query in ({"images": [photos / "red.png"]}, {"vector": vector}, {"text": "red", "vector": vector}):
        assert {hit.match for hit in library.search(**query).hits} == {None}
        with pytest.raises(UsageError, match="nothing to tell matches by"):
            library.search(**query, min_match=0.5)


def test_another_model_has_its_own(library: Library) -> None:
    library.use_model("mini")
    assert matches(library, "red")["red"] > 0.5  # the one before still answers
    report = open_library(library.path).index()
    assert report.model == "mini"
    judged = matches(open_library(library.path), "a photo of a horse")
    assert set(judged) == set(COLOURS)
    assert all(0.0 < match < 0.5 for match in judged.values())


def test_copies_of_a_library_judge_alike(library: Library, tmp_path: Path) -> None:
    shutil.copytree(library.path, tmp_path / "copy")
    assert matches(open_library(tmp_path / "copy", model=FakeEncoder()), "blue") == matches(library, "blue")
