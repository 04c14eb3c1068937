"""Searching on GPUs: what is found there, and what fits there."""

import numpy as np
import pytest

from core.arrays import HalfRows
from db.vectors import gpu_search
from db.vectors.engine import load_faiss
from db.vectors.gpu_search import GpuIvfPq, GpuRows, codes_fit, rows_fit
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import brute_force, clustered


@pytest.fixture(scope="module")
def rows() -> HalfRows:
    """Not to be changed."""
    return clustered(2500, 30)


@pytest.mark.parametrize("gpus", [1, 3])
def test_rows_are_found_exactly_over_pieces_and_shares(
    rows: HalfRows, gpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_search, "_PIECE_ROWS", 300)
    monkeypatch.setattr(gpu_search, "_BATCH", 4)
    cuda = FakeCuda(gpus)
    held = GpuRows(cuda, rows)
    queries = rows[::250].astype(np.float32)
    found = held.candidates(queries, 40)
    assert found.shape == (10, 40)
    for query, numbers in zip(queries, found, strict=True):
        assert set(numbers[:35]) <= set(brute_force(rows, query)[0][:40].tolist())
        assert len(set(numbers.tolist())) == 40
    assert cuda.asked == [("spread", "IndexFlatIP sharded float16")] * (9 if gpus == 1 else 3)


def test_pieces_are_even_and_bounded_on_both_sides() -> None:
    for count, gpus in ((1, 1), (262_144, 1), (262_145, 1), (10_000_000, 1), (10_000_000, 8)):
        pieces = gpu_search._pieces(count, 512, gpus)
        sizes = [end - start for start, end in pieces]
        assert [pieces[0][0], pieces[-1][1], sum(sizes)] == [0, count, count]
        assert max(sizes) <= min(gpus * 262_144, 524_288)  # per GPU; and 1 GiB of float32 at once on the CPU
        assert max(sizes) - min(sizes) <= 1


def test_damaged_rows_hide_nothing(rows: HalfRows) -> None:
    damaged = rows.copy()
    damaged[10] = np.nan
    damaged[11, 3] = np.inf
    assert GpuRows(FakeCuda(), damaged).candidates(rows[[12]].astype(np.float32), 1).tolist() == [[12]]


def test_fewer_rows_than_candidates(rows: HalfRows) -> None:
    held = GpuRows(FakeCuda(), rows[:5])
    assert sorted(held.candidates(rows[:1].astype(np.float32), 9)[0].tolist()) == [0, 1, 2, 3, 4]
    assert held.candidates(np.empty((0, 30), np.float32), 3).shape == (0, 3)


def test_more_than_gpus_find_is_refused(rows: HalfRows) -> None:
    held = GpuRows(FakeCuda(), rows)
    with pytest.raises(ValueError, match="GPUs find at most 2,048 candidates per query, 2,049 were asked for"):
        held.candidates(rows[:1].astype(np.float32), 2049)
    assert held.candidates(rows[:1].astype(np.float32), 2048).shape == (1, 2048)


@pytest.mark.parametrize("rotated", [False, True])
def test_codes_find_what_the_cpu_finds_in_the_same_lists(rows: HalfRows, rotated: bool) -> None:
    faiss = load_faiss()
    wide = np.zeros((len(rows), 32), np.float32)
    wide[:, :30] = rows
    structure = ("RR32," if rotated else "") + "IVF20,PQ4x8np"
    index = faiss.index_factory(32, structure, faiss.METRIC_INNER_PRODUCT)
    faiss.extract_index_ivf(index).cp.min_points_per_centroid = 1
    faiss.downcast_index(faiss.extract_index_ivf(index)).pq.cp.min_points_per_centroid = 1
    index.train(wide)
    index.add(wide)
    cuda = FakeCuda()
    held = GpuIvfPq(cuda, index, nprobe=5, wanted=9)
    expected = index.search(wide[:50], 10, params=faiss.SearchParametersIVF(nprobe=5))[1]
    assert np.array_equal(held.candidates(wide[:50, :30], 10), expected)
    assert (held.rows, cuda.asked) == (2500, [("spread", "IndexIVFPQ sharded float16")])
    assert np.array_equal(
        GpuIvfPq(cuda, index, nprobe=9999, wanted=9).candidates(wide[:9], 5), index_all(index, wide[:9], 5)
    )


def index_all(index: object, queries: np.ndarray, k: int) -> np.ndarray:
    faiss = load_faiss()
    return np.asarray(index.search(queries, k, params=faiss.SearchParametersIVF(nprobe=20))[1])  # type: ignore[attr-defined]


def test_what_fits() -> None:
    """The figures of the docstring and of docs/gpu.md."""
    gib = 1 << 30
    h200 = FakeCuda(1, 139 * gib)
    assert rows_fit(h200, 128_000_000, 512)
    assert not rows_fit(h200, 129_000_000, 512)
    assert rows_fit(FakeCuda(2, 139 * gib), 257_000_000, 512)
    assert codes_fit(h200, 900_000_000, 64)
    assert not codes_fit(h200, 930_000_000, 64)
    assert rows_fit(FakeCuda(1, 8 * gib), 5_000_000, 512)
    assert not rows_fit(FakeCuda(1, 8 * gib), 6_000_000, 512)
    assert not rows_fit(FakeCuda(1, gib), 1, 512)  # less than faiss itself takes
