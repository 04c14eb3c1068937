"""Building an index: what it reaches on real vectors, what it says, what it leaves on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged, StorageFull
from core.indexing import Progress
from db.vectors import IndexRecord, build_index
from db.vectors.build import extend_index
from db.vectors.engine import HalfScanner
from db.vectors.ivfpq import open_index
from db.vectors.records import Approach, Probing
from db.vectors.sampling import made_gap, sample_rows, text_like
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
    assert record_of(clip_shelf).structure == "OPQ128_512,IVF19,PQ128x4fsr"
    assert recall(clip_shelf, clip.texts[::5], k) >= 0.99
    assert recall(clip_shelf, clip.images[::5], k) >= 0.99


def test_the_record_tells_the_truth(clip: Recorded, clip_shelf: Shelf) -> None:
    record = record_of(clip_shelf)
    assert record.built_rows == 756
    assert min(record.recall_image, record.recall_text) >= 0.99
    assert 0 < record.seconds < 60
    assert record.file == f"index.1.{record.digest}.faiss"
    index = open_index(clip_shelf.folder, record, clip_shelf.rows)
    assert (index.rows, index.lists, index.dim) == (756, 19, 512)
    assert IndexRecord.from_json(record.to_json()) == record
    with pytest.raises(ValueError, match="not the record of an index"):
        IndexRecord.from_json('{"file": "index"}')


def test_text_like_queries_are_as_hard_as_real_words(clip: Recorded, clip_shelf: Shelf) -> None:
    """What the docstring of text_like says of the real nouns: the choice of nprobe and candidates rests on it."""
    rng, rows = np.random.default_rng(0), clip_shelf.rows
    images = sample_rows(rows, None, 400, rng)
    index = open_index(clip_shelf.folder, record_of(clip_shelf), rows)

    def found(queries: np.ndarray, count: int, nprobe: int) -> float:
        _, near = HalfScanner(rows).search(queries, 10)
        how = Approach(Probing(nprobe, count), Probing(nprobe, count), border=2.0, reach=0.0, doubt=0.0)
        candidates = [index.candidates(query, how) for query in queries]
        return float(np.mean([np.isin(a, b).mean() for a, b in zip(near, candidates, strict=True)]))

    learnt = text_like(images, images.mean(axis=0), rng, clip.texts.mean(axis=0))
    made = text_like(images, images.mean(axis=0), rng, made_gap(rows.astype(np.float32), rng))
    for count, nprobe in ((50, 19), (100, 19), (756, 8)):
        nouns = found(clip.texts, count, nprobe)
        assert found(learnt, count, nprobe) == pytest.approx(nouns, abs=0.05)
        assert found(made, count, nprobe) == pytest.approx(nouns, abs=0.05)
        assert found(images, count, nprobe) > nouns  # pictures are the easy ones


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
    assert record.candidates_image < 500  # not all 800 had to be re-scored


def test_a_target_that_cannot_be_reached_is_recorded_as_what_it_is(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(700, 16), built=0)
    record = build_index(shelf.file.view(700), folder=tmp_path, generation=1, target_recall=1.1)
    assert 0.9 < record.recall_text <= 1.0


def test_less_recall_asked_for_is_less_work(clip_shelf: Shelf, tmp_path: Path) -> None:
    cheap = build_index(clip_shelf.file.view(756), folder=tmp_path, generation=1, target_recall=0.6)
    full = record_of(clip_shelf)
    assert cheap.nprobe < full.nprobe
    assert cheap.nprobe_image <= full.nprobe_image
    assert 0.6 <= cheap.recall_text < full.recall_text


def test_progress_names_what_is_done_and_faiss_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shelf = make_shelf(tmp_path, clustered(64, 16), built=0)
    heard: list[Progress] = []
    record = build_index(shelf.file.view(64), folder=tmp_path, generation=1, on_progress=heard.append)
    extend_index(shelf.file.view(64), folder=tmp_path, generation=1, record=record)
    assert heard == [
        Progress("finish", 0, 64, note="training the index (CPU)"),
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
    assert open_index(tmp_path, record_of(shelf), shelf.rows).rows == 500
    left = {path.name for path in tmp_path.iterdir()} - {"vectors.1.f16", record_of(shelf).file}
    assert left <= {"index.1.faiss.tmp"}
    assert shelf.searcher().notice is None


def test_an_index_never_replaces_another_ones_file(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(200, 16), built=100)
    newer = build_index(shelf.file.view(200), folder=tmp_path, generation=1)
    assert open_index(tmp_path, record_of(shelf), shelf.rows).rows == 100  # for readers of an older snapshot
    assert open_index(tmp_path, newer, shelf.rows).rows == 200
    assert {path.name for path in tmp_path.iterdir()} == {"vectors.1.f16", record_of(shelf).file, newer.file}


def test_an_extended_index_finds_the_rows_before_and_the_new_ones(tmp_path: Path) -> None:
    rows = clustered(1500, 30)
    shelf = make_shelf(tmp_path, rows, built=1200)
    before = record_of(shelf)
    after = extend_index(shelf.file.view(1500), folder=tmp_path, generation=1, record=before, target_recall=0.98)
    assert (after.built_rows, after.trained_rows, after.target) == (1500, 1200, 0.98)
    assert (after.structure, after.coarse_error) == (before.structure, before.coarse_error)
    assert min(after.recall_image, after.recall_text) >= 0.98
    index, older = (open_index(tmp_path, record, shelf.rows) for record in (after, before))
    assert np.array_equal(index.known.centroids, older.known.centroids)
    assert index.list_sizes.sum() == 1500
    for row in (0, 1199, 1200, 1499):
        how = after.approach
        assert row in index.candidates(rows[row].astype(np.float32), how)


def test_a_damaged_index_cannot_be_extended(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(1500, 30), built=1200)
    path = tmp_path / record_of(shelf).file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(LibraryDamaged, match="is damaged"):
        extend_index(shelf.file.view(1500), folder=tmp_path, generation=1, record=record_of(shelf))


def test_pictures_are_told_from_words_and_need_less(clip: Recorded, clip_shelf: Shelf) -> None:
    record = record_of(clip_shelf)
    index = open_index(clip_shelf.folder, record, clip_shelf.rows)
    best = {name: (index.rotated(some) @ index.known.centroids.T).max(axis=1) for name, some in clip.by_kind.items()}
    assert (best["images"] > record.border).all()
    assert (best["texts"] < record.border).all()
    assert record.nprobe_image < record.nprobe
