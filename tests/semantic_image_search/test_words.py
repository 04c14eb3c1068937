"""Keyword search through the front door: with a model, and where the model is gone."""

from pathlib import Path

import pytest
from PIL import Image

from core.errors import ModelError, UsageError
from core.queries import SearchMode, SearchResult
from searcher import hybrid
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for name, colour in (("Anna/IMG_0001.png", "red"), ("Anna/IMG_0002.png", "blue"), ("green kite.png", "green")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), colour).save(path)
    (tmp_path / "photos" / "Anna" / "IMG_0001.txt").write_text("Anna mit ihrem Fahrrad")
    opened = open_library(tmp_path / "library", model=FakeEncoder())
    assert opened.index([tmp_path / "photos"]).added == 3
    return opened


def names(result: SearchResult) -> list[str]:
    return [Path(hit.picture.path.decode()).name for hit in result.hits]


def test_words_and_colours_together(library: Library) -> None:
    result = library.search("blue Anna")
    assert names(result)[0] == "IMG_0002.png"
    assert result.hits[0].words == ("Anna",)
    result = library.search("IMG_0001")
    assert names(result)[0] == "IMG_0001.png"
    assert result.hits[0].named


def test_a_picture_is_not_named_by_words_that_were_not_looked_up(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def captioned(mode: str) -> tuple[tuple[str, ...], bool]:
        hits = library.search("Fahrrad Anna", mode=mode).hits
        return next((hit.words, hit.named) for hit in hits if "Fahrrad" in hit.words)

    assert captioned("hybrid") == (("Fahrrad", "Anna"), True)
    monkeypatch.setattr(hybrid, "TOO_COMMON", 1)  # two pictures are in a folder called Anna
    assert captioned("hybrid") == (("Fahrrad",), False)
    assert captioned("text") == (("Fahrrad", "Anna"), True)


def test_text_mode_works_where_the_model_is_gone(library: Library) -> None:
    with open_library(library.path) as without_model:
        with pytest.raises(ModelError):
            without_model.search("anna")
        assert names(without_model.search("fahrrad", mode="text")) == ["IMG_0001.png"]
        assert set(names(without_model.search("anna", mode=SearchMode.TEXT))) == {"IMG_0001.png", "IMG_0002.png"}
        assert names(without_model.search("kites", mode="text")) == ["green kite.png"]


def test_an_imported_caption_is_found_by_its_words_at_once(library: Library, tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("file,caption\ngreen kite.png,A dragon over the harbour\n")
    library.captions.import_file(tmp_path / "captions.csv")
    assert names(library.search("harbor dragon", mode="text")) == ["green kite.png"]


def test_what_is_forgotten_is_not_found_by_its_words(library: Library, tmp_path: Path) -> None:
    library.forget(tmp_path / "photos" / "Anna")
    assert names(library.search("anna", mode="text")) == []
    assert names(library.search("fahrrad", mode="text")) == []
    assert library.doctor() == []


def test_a_mode_that_does_not_exist_is_a_mistake(library: Library) -> None:
    with pytest.raises(ValueError, match="nope"):
        library.search("anna", mode="nope")


def test_text_mode_with_a_picture_is_a_mistake(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="text mode"):
        library.search("anna", images=[tmp_path / "photos" / "green kite.png"], mode="text")
