"""Pictures of the library as examples, by their numbers: their vectors are at hand, their files may be away."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import UnknownPicture, UsageError
from semantic_image_search import Library, open_library
from tests.fakes import COLOURS, FakeEncoder


@pytest.fixture(scope="module")
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, encoder: FakeEncoder) -> Library:
    """Pictures of every colour, and a copy of the red one, whose files are gone since."""
    folder = tmp_path_factory.mktemp("examples")
    photos = folder / "photos"
    photos.mkdir()
    for name, rgb in {**COLOURS, "red-again": COLOURS["red"]}.items():
        Image.new("RGB", (64, 48), rgb).save(photos / f"{name}.png")
    with open_library(folder / "library", model=encoder) as opened:
        opened.index([photos])
        for file in photos.iterdir():
            file.unlink()
        yield opened


def names(result) -> list[str]:
    return [Path(hit.picture.path.decode()).stem for hit in result.hits]


def number_of(library: Library, colour: str) -> int:
    return library.search(colour, k=1).hits[0].picture.image_id


def test_a_number_stands_for_the_pictures_vector(library: Library, encoder: FakeEncoder) -> None:
    red, seen = number_of(library, "red"), encoder.pictures_seen
    found = library.search(images=[red])
    assert names(found)[0] == "red"
    assert found.hits[0].score == pytest.approx(1.0, abs=1e-3)
    assert names(library.search(images=[np.int64(red), red])) == names(found)
    assert encoder.pictures_seen == seen


def test_numbers_and_pictures_mix(library: Library) -> None:
    red, green = (np.full((8, 8, 3), COLOURS[colour], np.uint8) for colour in ("red", "green"))
    both, shown = library.search(images=[number_of(library, "red"), green]), library.search(images=[red, green])
    assert set(names(both)) == set(names(shown))
    assert [hit.score for hit in both.hits] == pytest.approx([hit.score for hit in shown.hits], abs=2e-3)
    assert both.query == "2 pictures"


def test_what_is_not_wanted_is_kept_away_from_and_no_hit_itself(library: Library) -> None:
    blue = number_of(library, "blue")
    found = library.search("black", not_images=[blue])
    assert names(found)[0] == "black"
    assert "blue" not in names(found)
    assert found.query == "black - 1 picture"
    yellow = np.full((8, 8, 3), COLOURS["yellow"], np.uint8)
    away = library.search("black", not_images=[yellow])
    plain = library.search("black", mode="vector")
    assert names(away).index("blue") < names(plain).index("blue")  # its opposite
    assert names(away)[-1] in {"white", "yellow"}


def test_words_are_not_alone_beside_a_picture_that_is_not_wanted(library: Library) -> None:
    assert all(hit.match is None for hit in library.search("red", not_images=[number_of(library, "blue")]).hits)


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ({"images": [99]}, UnknownPicture, "no picture 99"),
        ({"text": "red", "not_images": [0]}, UnknownPicture, "no picture 0"),
        ({"not_images": [1]}, UsageError, "only what not to find"),
        ({"text": "red", "mode": "text", "not_images": [1]}, UsageError, "text mode"),
    ],
)
def test_what_makes_no_sense_is_refused(library: Library, query: dict, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        library.search(**query)


def test_similar_pictures_are_others(library: Library, encoder: FakeEncoder) -> None:
    red, seen = number_of(library, "red"), encoder.pictures_seen
    first = library.similar(red, k=2)
    rest = library.similar(red, k=9, offset=2, seen=[hit.picture.path for hit in first.hits])
    assert sorted(names(first) + names(rest)) == ["black", "blue", "green", "white", "yellow"]
    assert [hit.rank for hit in (*first.hits, *rest.hits)] == [1, 2, 3, 4, 5]
    assert names(library.similar(red, k=5)) == names(first) + names(rest)
    assert encoder.pictures_seen == seen
    with pytest.raises(UnknownPicture):
        library.similar(99)


def test_labels_of_numbers_and_pictures_in_their_order(library: Library, encoder: FakeEncoder) -> None:
    green, seen = number_of(library, "green"), encoder.pictures_seen
    white = np.full((8, 8, 3), COLOURS["white"], np.uint8)
    labelled = library.label([green, white, number_of(library, "blue")], ["blue", "green", "white"], k=1)
    assert [best.name for (best,) in labelled] == ["green", "white", "blue"]
    assert encoder.pictures_seen == seen + 1
    assert library.label([], ["blue"]) == []
