"""A library's own search measured against exact search: by pictures, by captions, by texts, and without a model."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import LibraryNotFound
from db import open_reader
from searcher.everyday_queries import EVERYDAY_QUERIES
from semantic_image_search import Library, open_library
from semantic_image_search.evaluation.index import LEAST_CAPTIONS, evaluate_index
from tests.fakes import FakeEncoder

ROWS, DIM = 3_000, 48


@pytest.fixture(scope="module")
def clustered() -> np.ndarray:
    """Vectors in clumps, as those of real pictures lie: float32 (ROWS, DIM), the last five the same."""
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((40, DIM))
    rows = centres[rng.integers(0, 40, ROWS)] + 0.8 * rng.standard_normal((ROWS, DIM))
    rows[-5:] = rows[-5]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def imported(folder: Path, vectors: np.ndarray) -> Library:
    np.save(folder / "v.npy", vectors)
    (folder / "paths.txt").write_text("".join(f"{folder}/gone/{row}.jpg\n" for row in range(len(vectors))))
    library = open_library(folder / "library")
    library.import_vectors(folder / "v.npy", folder / "paths.txt", model="somebody's model")
    return library


@pytest.fixture(scope="module")
def made(clustered: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All rows, with an index over them; made once, since finding its parameters takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCH_CONFIG", str(folder / "none"))
        patch.setenv("SEARCH_EXACT_BELOW", "1000")
        return imported(folder, clustered).path


@pytest.fixture
def indexed(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The test's own copy."""
    monkeypatch.setenv("SEARCH_EXACT_BELOW", "1000")
    return open_library(shutil.copytree(made, tmp_path / "library"))


def test_recall_is_that_of_counting_scores_over_all_rows(indexed: Library) -> None:
    report = evaluate_index(indexed, queries=60)
    assert report.index is not None
    assert (report.pictures, report.k, report.model) == (ROWS, 10, "somebody's model")
    images = report.kinds[0]
    assert (images.kind, images.queries) == ("image", 60)
    with open_reader(indexed.path) as reader:
        space = reader.active_space()
        rows = reader.vectors(space, np.arange(ROWS))
        chosen = np.sort(np.random.default_rng(ROWS).choice(np.arange(ROWS), 60, replace=False))
        recalls = []
        for row in chosen:
            exact = rows @ rows[row]
            others = np.delete(exact, row)
            tenth = np.sort(others)[-10]
            found = reader.search(space, rows[row], 11).rows
            shown = [other for other in found if other != row][:10]
            recalls.append(np.mean(exact[shown] >= tenth - 1e-6))
    assert images.recall == pytest.approx(np.mean(recalls))
    assert images.worst == pytest.approx(min(recalls))
    assert 0.9 <= images.recall <= 1.0
    assert 0 < images.search.median_ms <= images.search.most_ms


def test_without_the_model_texts_are_made_up_and_it_says_so(indexed: Library) -> None:
    report = evaluate_index(indexed, queries=20)
    assert report.kinds[1].source == "made up, as far from the pictures as texts are"
    assert "no texts could be asked" in report.notices[0]
    assert "somebody's model" in report.notices[0]


def test_an_index_that_finds_too_little_is_shown_for_what_it_is(
    indexed: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from db.vectors import searcher
    from db.vectors.records import Approach, Probing

    little = Approach(Probing(1, 12), Probing(1, 12), border=2.0, reach=0.0, doubt=0.0)
    monkeypatch.setattr(searcher, "approach", lambda *_, **__: little)
    images = evaluate_index(indexed, queries=100).kinds[0]
    assert images.recall < 0.9
    assert images.worst < images.recall


def test_a_damaged_index_is_bypassed_and_told(indexed: Library) -> None:
    for file in indexed.path.rglob("index.*.faiss"):
        file.write_bytes(b"damaged")
    report = evaluate_index(indexed, queries=10)
    assert report.kinds[0].recall == 1.0
    assert any("damaged" in notice for notice in report.notices)


def test_newer_rows_are_counted_and_copies_stand_in_for_each_other(tmp_path: Path, clustered: np.ndarray) -> None:
    library = imported(tmp_path, clustered[-5:])
    report = evaluate_index(library)
    assert report.index is None
    assert [one.recall for one in report.kinds] == [1.0, 1.0]
    assert (report.newer, report.kinds[0].queries) == (0, 5)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(LEAST_CAPTIONS + 5):
        Image.new("RGB", (40, 30), (number * 9, 255 - number * 9, number * 5)).save(folder / f"{number}.png")
    return folder


def test_captions_of_the_library_are_asked_where_it_has_enough(tmp_path: Path, photos: Path) -> None:
    library = open_library(tmp_path / "library", model=FakeEncoder())
    library.index([photos])
    before = evaluate_index(library).kinds[1]
    assert before.source == f"a built-in list of texts ({len(EVERYDAY_QUERIES)})"
    assert before.queries == len(EVERYDAY_QUERIES)
    for number in range(LEAST_CAPTIONS):
        (photos / f"{number}.png.txt").write_text(f"caption number {number}")
    library.index()
    heard = []
    after = evaluate_index(library, listener=heard.append).kinds[1]
    assert (after.source, after.queries) == (f"captions of the library ({LEAST_CAPTIONS})", LEAST_CAPTIONS)
    assert (heard[-1].done, heard[-1].total) == (LEAST_CAPTIONS, LEAST_CAPTIONS)


def test_a_library_without_pictures_has_nothing_to_measure(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(LibraryNotFound):
        evaluate_index(open_library(tmp_path / "library"))
    library = open_library(tmp_path / "library", model=FakeEncoder())
    library.index([photos])
    library.forget(photos)
    report = evaluate_index(library)
    assert (report.pictures, report.kinds) == (0, ())


def test_the_built_in_texts_are_a_hundred_different_ones() -> None:
    assert len(set(EVERYDAY_QUERIES)) == len(EVERYDAY_QUERIES) >= 100
    assert all(text == text.strip() and text for text in EVERYDAY_QUERIES)
