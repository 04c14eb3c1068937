"""Building an index: what it reaches on real vectors, what it says, what it leaves on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import StorageFull
from core.indexing import Progress
from db.vectors import IndexRecord, build_index, index_is_sound
from db.vectors.engine import HalfScanner
from db.vectors.ivfpq import open_index
from db.vectors.sampling import sample_rows, text_like
from tests.db.vectors.shelves import Recorded, Shelf, clustered, make_shelf


def record_of(shelf: Shelf) -> IndexRecord:
    assert shelf.record is not None
    return shelf.record


def recall(shelf: Shelf, queries: np.ndarray, k: int = 10) -> float:
    """The share of exact search's k hits that the indexed search finds (or as good ones)."""
    searcher, exact = shelf.searcher(), shelf.exact()
    found = [np.count_nonzero(searcher.search(q, k).scores >= exact.search(q, k).scores[-1] - 1e-6) for q in queries]
    assert searcher.notice is None
    return float(np.mean(found)) / k


@pytest.mark.parametrize("k", [1, 10, 50])
def test_real_words_and_pictures_are_found_as_exact_search_finds_them(
    clip: Recorded, clip_shelf: Shelf, k: int
) -> None:
    assert record_of(clip_shelf).structure == "IVF19,PQ128x4fsr"
    assert recall(clip_shelf, clip.texts[::5], k) >= 0.99
    assert recall(clip_shelf, clip.images[::5], k) >= 0.99


def test_the_record_tells_the_truth(clip: Recorded, clip_shelf: Shelf) -> None:
    record = record_of(clip_shelf)
    assert record.built_rows == 756
    assert min(record.recall_image, record.recall_text) >= 0.99
    assert 0 < record.seconds < 60
    assert record.file == f"index.1.{record.digest}.faiss"
    assert index_is_sound(clip_shelf.folder, record)
    index = open_index(clip_shelf.folder, record, clip_shelf.rows)
    assert (index.rows, index.lists, index.dim) == (756, 19, 512)
    assert IndexRecord.from_json(record.to_json()) == record
    with pytest.raises(TypeError):
        IndexRecord.from_json('{"file": "index"}')


def test_text_like_queries_are_as_hard_as_real_words(clip: Recorded, clip_shelf: Shelf) -> None:
    """What the docstring of text_like says of the real nouns: the choice of nprobe rests on it."""
    rng = np.random.default_rng(0)
    rows = clip_shelf.rows
    images = sample_rows(rows, None, 400, rng)
    made = text_like(images, images.mean(axis=0), rng)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert abs(float((made @ images.mean(axis=0)).mean())) < 0.02  # none along the pictures' mean
    index = open_index(clip_shelf.folder, record_of(clip_shelf), rows)

    def found(queries: np.ndarray, count: int, nprobe: int) -> float:
        _, near = HalfScanner(rows).search(queries, 10)
        candidates = index.candidates(queries, count, nprobe=nprobe)
        return float(np.mean([np.isin(a, b).mean() for a, b in zip(near, candidates, strict=True)]))

    for count, nprobe in ((50, 19), (756, 8)):
        assert found(made, count, nprobe) == pytest.approx(found(clip.texts, count, nprobe), abs=0.05)
        assert found(images, count, nprobe) > found(made, count, nprobe) + 0.05  # pictures are the easy ones


def test_the_same_rows_give_the_same_index(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(900, 24))
    again = build_index(shelf.file.view(900), folder=tmp_path, generation=1)
    assert replace(again, seconds=0) == replace(record_of(shelf), seconds=0)


def test_dead_rows_keep_their_number_and_are_never_measured(tmp_path: Path) -> None:
    rows = clustered(1200, 24)
    live = np.arange(1200) % 3 > 0
    rows[~live] = rows[0]  # as if a third of the library were one deleted picture
    shelf = make_shelf(tmp_path, rows, live=live)
    assert record_of(shelf).built_rows == 1200
    assert min(record_of(shelf).recall_image, record_of(shelf).recall_text) >= 0.99
    for row in (1, 601, 1199):
        assert shelf.searcher().search(rows[row].astype(np.float32), 1, mask=live).rows.tolist() == [row]


def test_rows_of_a_damaged_block_shift_nothing(tmp_path: Path) -> None:
    rows = clustered(600, 16)
    rows[100:105] = np.nan
    rows[105:110, 3] = np.inf
    sound = np.isfinite(rows).all(axis=1)
    shelf = make_shelf(tmp_path, rows, live=sound)
    for row in (99, 110, 599):
        assert shelf.searcher().search(rows[row].astype(np.float32), 1, mask=sound).rows.tolist() == [row]
    assert len(shelf.searcher().search(rows[0].astype(np.float32), 600, mask=sound)) == 590


@pytest.mark.parametrize("dim", [3, 48, 63])
def test_any_dimension_has_an_index(tmp_path: Path, dim: int) -> None:
    shelf = make_shelf(tmp_path, clustered(700, dim))
    assert record_of(shelf).recall_image >= 0.99
    queries = shelf.rows[::70].astype(np.float32)
    assert recall(shelf, queries) >= 0.99


def test_copies_of_one_picture_do_not_count_as_misses(tmp_path: Path) -> None:
    rows = clustered(800, 16)
    rows[:300] = rows[0]  # equal codes: any ten of them may be found
    record = record_of(make_shelf(tmp_path, rows))
    assert record.recall_image >= 0.99
    assert record.candidates < 300  # not all of them had to be


def test_a_target_that_cannot_be_reached_is_recorded_as_what_it_is(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(700, 16), built=0)
    record = build_index(shelf.file.view(700), folder=tmp_path, generation=1, target_recall=1.1)
    assert 0.9 < record.recall_text <= 1.0


def test_less_recall_asked_for_is_less_work(clip_shelf: Shelf, tmp_path: Path) -> None:
    cheap = build_index(clip_shelf.file.view(756), folder=tmp_path, generation=1, target_recall=0.6)
    full = record_of(clip_shelf)
    assert cheap.nprobe < full.nprobe
    assert cheap.candidates < full.candidates
    assert 0.6 <= cheap.recall_text < full.recall_text


def test_progress_names_what_is_done_and_faiss_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shelf = make_shelf(tmp_path, clustered(64, 16), built=0)
    heard: list[Progress] = []
    build_index(shelf.file.view(64), folder=tmp_path, generation=1, on_progress=heard.append)
    assert heard == [
        Progress("finish", 0, 64, note="training the index"),
        Progress("finish", 64, 64, note="adding rows to the index"),
        Progress("finish", 64, 64, note="comparing with exact search"),
        Progress("finish", 64, 64, note="choosing how many lists to probe"),
    ]
    assert capfd.readouterr() == ("", "")  # no warnings of too few training points


def test_too_few_live_rows(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(100, 16), built=0)
    with pytest.raises(ValueError, match="at least 64 rows, got 10"):
        build_index(shelf.file.view(100), folder=tmp_path, generation=1, live=np.arange(100) < 10)


def test_a_full_disk_while_writing_leaves_the_old_index_and_no_new_one(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="no such limits on this system")
    shelf = make_shelf(tmp_path, clustered(700, 32), built=500)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        with pytest.raises(StorageFull, match="no space to write"):
            build_index(shelf.file.view(700), folder=tmp_path, generation=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert index_is_sound(tmp_path, record_of(shelf))
    left = {path.name for path in tmp_path.iterdir()} - {"vectors.1.f16", record_of(shelf).file}
    assert left <= {"index.1.faiss.tmp"}
    assert shelf.searcher().notice is None


def test_an_index_never_replaces_another_ones_file(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(200, 16), built=100)
    newer = build_index(shelf.file.view(200), folder=tmp_path, generation=1)
    assert index_is_sound(tmp_path, record_of(shelf))  # for readers of an older snapshot
    assert index_is_sound(tmp_path, newer)
    assert {path.name for path in tmp_path.iterdir()} == {"vectors.1.f16", record_of(shelf).file, newer.file}
