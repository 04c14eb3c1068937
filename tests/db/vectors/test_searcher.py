"""The search of one snapshot: whatever the index, the mask or the tail, the answer is right."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import LibraryDamaged
from db.vectors import IndexRecord, RowSearcher
from tests.db.vectors.shelves import Recorded, Shelf, clustered, expect_promised, make_shelf, unit

BUILT = 1200  # of the tailed shelf's 1,500


def same(found: object, expected: object) -> bool:
    return np.array_equal(found.rows, expected.rows) and np.array_equal(found.scores, expected.scores)  # type: ignore[attr-defined]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_mask_any_k(tailed_shelf: Shelf, data: st.DataObject) -> None:
    rows = tailed_shelf.rows
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 20)))
    share = data.draw(st.sampled_from([None, 0.0, 0.002, 0.02, 0.2, 0.51, 0.9, 1.0]))
    mask = None if share is None else rng.random(len(rows)) < share
    if mask is not None and data.draw(st.booleans()):
        mask[BUILT:] = data.draw(st.booleans())
    k = data.draw(st.sampled_from([0, 1, 3, 10, 100, 1500, 2000]))
    query = unit(rng.standard_normal(30)) if data.draw(st.booleans()) else rows[rng.integers(1500)].astype(np.float32)
    found = tailed_shelf.searcher().search(query, k, mask=mask)
    expect_promised(found, rows, query, k, mask=mask, built=BUILT)


def test_the_index_finds_and_the_tail_is_exact(tailed_shelf: Shelf) -> None:
    searcher = tailed_shelf.searcher()
    hits = total = 0
    for row in range(0, 1500, 7):
        query = tailed_shelf.rows[row].astype(np.float32)
        found = searcher.search(query, 10)
        assert found.rows[0] == row  # of the head and of the tail alike
        hits += np.count_nonzero(found.scores >= tailed_shelf.exact().search(query, 10).scores[-1] - 1e-6)
        total += 10
    assert hits / total >= 0.99
    assert searcher.notice is None


@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("share", [0.9, 0.6, 0.3, 0.01])
def test_a_filter_never_costs_recall(clip: Recorded, clip_shelf: Shelf, share: float, correlated: bool) -> None:
    rng = np.random.default_rng(3)
    likeness = clip.images @ clip.images[0] if correlated else rng.random(756)
    mask = likeness >= np.quantile(likeness, 1 - share)
    searcher, exact = clip_shelf.searcher(), clip_shelf.exact()
    hits = total = 0
    for query in np.concatenate([clip.texts[::20], clip.images[::20]]):
        wanted = exact.search(query, 10, mask=mask)
        found = searcher.search(query, 10, mask=mask)
        assert mask[found.rows].all()
        hits += np.count_nonzero(found.scores >= wanted.scores[-1] - 1e-6)
        total += len(wanted)
    assert hits / total >= 0.98


def test_lists_that_hold_too_few_are_made_up_for(clip: Recorded, clip_shelf: Shelf) -> None:
    assert clip_shelf.record is not None
    narrow = replace(clip_shelf.record, nprobe=1, candidates=3, nprobe_image=1, candidates_image=3)
    searcher = clip_shelf.searcher(narrow)
    mask = (clip.images @ clip.images[0]) < 0.75  # the query's own neighbourhood is not allowed
    found = searcher.search(clip.images[0], 400, mask=mask)
    assert same(found, clip_shelf.exact().search(clip.images[0], 400, mask=mask))


def test_hits_beyond_those_that_must_be_sure_cost_nothing_and_are_scored_exactly(
    clip: Recorded, clip_shelf: Shelf
) -> None:
    searcher, exact = clip_shelf.searcher(), clip_shelf.exact()
    hits = 0
    for query in clip.texts[::20]:
        found, wanted = searcher.search(query, 100, sure=10), exact.search(query, 10)
        assert len(found) == 100
        hits += np.count_nonzero(found.scores[:10] >= wanted.scores[-1] - 1e-6)
        scores = clip_shelf.rows[found.rows].astype(np.float64) @ query.astype(np.float64)
        assert np.allclose(found.scores, scores, atol=1e-6)
    assert hits / (10 * len(clip.texts[::20])) >= 0.98


def missing(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [missing, truncated, empty, flipped, a_folder])
def test_a_harmed_index_is_bypassed_with_one_notice(tailed_shelf: Shelf, tmp_path: Path, harm: object) -> None:
    assert tailed_shelf.record is not None
    folder = tmp_path / "space"
    shutil.copytree(tailed_shelf.folder, folder)
    harm(folder / tailed_shelf.record.file)  # type: ignore[operator]
    searcher = RowSearcher(tailed_shelf.file, 1500, tailed_shelf.record, folder)
    query = unit(np.arange(30) - 11)
    assert same(searcher.search(query, 20), tailed_shelf.exact().search(query, 20))
    assert searcher.notice is not None
    assert tailed_shelf.record.file in searcher.notice
    assert "searched exactly" in searcher.notice
    assert "\n" not in searcher.notice


def other_record(shelf: Shelf, folder: Path, rows: np.ndarray, built: int) -> IndexRecord:
    """A sound index over other rows, put where the shelf's own would be."""
    folder.mkdir()
    other = make_shelf(folder, rows, built=built)
    assert other.record is not None
    return other.record


def test_an_index_of_another_dimension_or_of_more_rows_is_bypassed(tailed_shelf: Shelf, tmp_path: Path) -> None:
    query = unit(np.arange(30) - 11)
    expected = tailed_shelf.exact().search(query, 10)
    for name, rows in (("dim", clustered(1200, 64)), ("rows", clustered(1600, 30))):
        record = other_record(tailed_shelf, tmp_path / name, rows, len(rows))
        searcher = RowSearcher(tailed_shelf.file, 1500, record, tmp_path / name)
        assert same(searcher.search(query, 10), expected)
        assert searcher.notice is not None
        assert "not over these rows (1,500 × 30)" in searcher.notice


def test_another_spaces_index_under_our_name_is_bypassed(tailed_shelf: Shelf, tmp_path: Path) -> None:
    assert tailed_shelf.record is not None
    other = other_record(tailed_shelf, tmp_path / "other", clustered(1200, 30, seed=9), 1200)
    (tmp_path / "other" / other.file).rename(tmp_path / tailed_shelf.record.file)
    searcher = RowSearcher(tailed_shelf.file, 1500, tailed_shelf.record, tmp_path)
    query = tailed_shelf.rows[5].astype(np.float32)
    assert same(searcher.search(query, 10), tailed_shelf.exact().search(query, 10))
    assert searcher.notice is not None
    assert "is damaged" in searcher.notice


def test_a_file_that_was_never_an_index_is_bypassed(tailed_shelf: Shelf, tmp_path: Path) -> None:
    """The digest fits (somebody wrote the record by hand), faiss refuses."""
    from db.vectors.ivfpq import _digest

    (tmp_path / "index.1.faiss").write_bytes(b"IwPf and then nonsense" * 100)
    assert tailed_shelf.record is not None
    record = replace(tailed_shelf.record, file="index.1.faiss", digest=_digest(tmp_path / "index.1.faiss"))
    searcher = RowSearcher(tailed_shelf.file, 1500, record, tmp_path)
    assert searcher.search(tailed_shelf.rows[3].astype(np.float32), 1).rows.tolist() == [3]
    assert searcher.notice is not None
    assert "not one that this version reads" in searcher.notice


def test_no_rows_and_one_row(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "one").mkdir()
    query = unit(np.ones(8))
    none = make_shelf(tmp_path / "none", np.empty((0, 8), np.float16), built=0).exact()
    assert len(none.search(query, 10)) == 0
    assert len(none.search(query, 10, mask=np.empty(0, bool))) == 0
    assert none.vectors(np.empty(0, np.int64)).shape == (0, 8)
    assert none.notice is None
    one = make_shelf(tmp_path / "one", clustered(1, 8), built=0).exact()
    assert one.search(query, 10).rows.tolist() == [0]
    assert len(one.search(query, 10, mask=np.zeros(1, bool))) == 0


def test_everything_masked(tailed_shelf: Shelf) -> None:
    found = tailed_shelf.searcher().search(unit(np.ones(30)), 10, mask=np.zeros(1500, bool))
    assert (len(found.rows), len(found.scores)) == (0, 0)


def test_vectors_come_in_the_order_asked_for(tailed_shelf: Shelf) -> None:
    rows = np.array([1499, 0, 0, 77])
    vectors = tailed_shelf.exact().vectors(rows)
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, tailed_shelf.rows[rows].astype(np.float32))
    for bad in (np.array([-1]), np.array([1500])):
        with pytest.raises(IndexError):
            tailed_shelf.exact().vectors(bad)


def test_rows_that_were_never_committed_are_not_seen(tailed_shelf: Shelf) -> None:
    searcher = RowSearcher(tailed_shelf.file, 1300, tailed_shelf.record, tailed_shelf.folder)
    newest = tailed_shelf.rows[1400].astype(np.float32)
    assert searcher.search(newest, 1300).rows.max() == 1299
    assert searcher.search(newest, 5).rows.max() < 1300


def test_fewer_rows_on_disk_than_committed(tailed_shelf: Shelf) -> None:
    with pytest.raises(LibraryDamaged, match="holds 1,500 vectors where 1,501 were committed"):
        RowSearcher(tailed_shelf.file, 1501, tailed_shelf.record, tailed_shelf.folder)


def test_wrong_shapes_are_refused(tailed_shelf: Shelf) -> None:
    searcher = tailed_shelf.searcher()
    with pytest.raises(ValueError, match=r"query of shape \(30,\), got \(31,\)"):
        searcher.search(np.zeros(31, np.float32), 10)
    with pytest.raises(ValueError, match=r"mask of shape \(1500,\), got \(1200,\)"):
        searcher.search(np.zeros(30, np.float32), 10, mask=np.ones(1200, bool))


def test_many_threads_get_the_answers_of_one(tailed_shelf: Shelf) -> None:
    searcher = tailed_shelf.searcher()
    queries = tailed_shelf.rows[:60].astype(np.float32)
    masks = [None, np.arange(1500) % 5 > 0]
    asked = [(query, mask) for query in queries for mask in masks]
    alone = [tailed_shelf.searcher().search(query, 10, mask=mask) for query, mask in asked[:4]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda ask: searcher.search(ask[0], 10, mask=ask[1]), asked))
    again = [searcher.search(query, 10, mask=mask) for query, mask in asked]
    assert all(same(a, b) for a, b in zip(together, again, strict=True))
    assert all(same(a, b) for a, b in zip(alone, together[:4], strict=True))
