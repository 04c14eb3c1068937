"""Many queries through GPUs: what is held there, and which queries are left to the CPU."""

from typing import Any

import numpy as np
import pytest

from core.arrays import HalfRows
from core.errors import DeviceError
from db.vectors.engine import load_faiss
from db.vectors.gpu_batch import find_numbers, hold_on_gpus
from db.vectors.gpu_search import GpuIvfPq, GpuRows
from db.vectors.records import IndexRecord
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import brute_force, clustered

SMALL = (2 << 30) + (100 << 10)  # 90 KiB beside what faiss takes: the codes of 2,500 rows, not the rows

RECORD = IndexRecord(
    file="", built_rows=2500, structure="", nprobe=2, candidates=77, digest="", recall_image=1, recall_text=1, seconds=1
)


@pytest.fixture(scope="module")
def rows() -> HalfRows:
    """Not to be changed."""
    return clustered(2500, 32)


def indexed(rows: HalfRows, structure: str) -> Any:
    faiss = load_faiss()
    index = faiss.index_factory(32, structure, faiss.METRIC_INNER_PRODUCT)
    ivf = faiss.downcast_index(faiss.extract_index_ivf(index))
    ivf.cp.min_points_per_centroid = ivf.pq.cp.min_points_per_centroid = 1
    index.train(rows.astype(np.float32))
    index.add(rows.astype(np.float32))
    return index


def test_rows_are_held_where_they_fit_whatever_the_index(rows: HalfRows) -> None:
    for index in (None, indexed(rows, "IVF8,PQ8x4fsr"), indexed(rows, "IVF8,PQ4x8np")):
        assert isinstance(hold_on_gpus(FakeCuda(), rows, index, RECORD), GpuRows)


@pytest.mark.parametrize("before", ["", "RR32,"])
def test_codes_are_held_where_rows_do_not_fit(rows: HalfRows, before: str) -> None:
    held = hold_on_gpus(FakeCuda(1, SMALL), rows, indexed(rows, before + "IVF8,PQ4x8np"), RECORD)
    assert isinstance(held, GpuIvfPq)
    assert (held.rows, held.wanted) == (2500, 77)


def test_what_does_not_fit_is_an_error_that_says_what_helps(rows: HalfRows) -> None:
    cuda = FakeCuda(2, 1 << 30)
    at_all = r"2,500 rows of 32 numbers \(0\.0 GiB\) do not fit 2 × CUDA \(2\.0 GiB free\): search on the CPU"
    with pytest.raises(DeviceError, match=at_all + ", or build an index that fits: search optimize --device cuda$"):
        hold_on_gpus(cuda, rows, indexed(rows, "IVF8,PQ8x4fsr"), RECORD)
    with pytest.raises(DeviceError, match=at_all + ", or"):
        hold_on_gpus(cuda, rows, None, RECORD)
    with pytest.raises(DeviceError, match=at_all + "$"):
        hold_on_gpus(cuda, rows, indexed(rows, "IVF8,PQ4x8np"), RECORD)


def test_every_query_has_its_best_among_its_numbers(rows: HalfRows) -> None:
    queries = rows[:40].astype(np.float32)
    for found, query in zip(find_numbers(GpuRows(FakeCuda(), rows), queries, 10, mask=None), queries, strict=True):
        assert found is not None
        assert len(found) == 84  # twice the hits and 64
        assert (np.diff(found) > 0).all()
        assert set(brute_force(rows, query)[0][:10].tolist()) <= set(found.tolist())


def test_rows_under_a_mask_are_looked_for_deeper(rows: HalfRows) -> None:
    mask = np.random.default_rng(0).random(2500) < 0.7
    queries = rows[:40].astype(np.float32)
    held = GpuRows(FakeCuda(), rows)
    answered = 0
    for found, query in zip(find_numbers(held, queries, 10, mask=mask), queries, strict=True):
        if found is None:
            continue
        answered += 1
        assert mask[found].all()
        assert set(brute_force(rows, query, mask)[0][:10].tolist()) <= set(found.tolist())
    assert answered >= 35


def test_a_mask_that_leaves_the_neighbourhood_out_is_for_the_cpu(rows: HalfRows) -> None:
    query = rows[0].astype(np.float32)
    mask = np.ones(2500, bool)
    mask[brute_force(rows, query)[0][:1000]] = False  # all that is near, and still most rows may be found
    assert find_numbers(GpuRows(FakeCuda(), rows), query[np.newaxis], 10, mask=mask) == [None]


def test_narrow_masks_and_many_hits_are_for_the_cpu(rows: HalfRows) -> None:
    held, queries = GpuRows(FakeCuda(), rows), rows[:3].astype(np.float32)
    narrow = np.arange(2500) % 3 == 0
    assert find_numbers(held, queries, 10, mask=narrow) == [None] * 3
    assert find_numbers(held, queries, 1000, mask=None) == [None] * 3  # 2,064 is more than GPUs find
    assert find_numbers(held, queries, 10, mask=np.zeros(2500, bool)) == [None] * 3


def test_an_index_is_asked_for_what_it_was_measured_to_need(rows: HalfRows) -> None:
    held = GpuIvfPq(FakeCuda(), indexed(rows, "IVF8,PQ4x8np"), nprobe=8, wanted=300)
    found = find_numbers(held, rows[:3].astype(np.float32), 10, mask=None)
    assert [len(numbers) for numbers in found if numbers is not None] == [300, 300, 300]
    more = GpuIvfPq(FakeCuda(), indexed(rows, "IVF8,PQ4x8np"), nprobe=8, wanted=2400)
    most = find_numbers(more, rows[:3].astype(np.float32), 10, mask=None)
    assert [len(numbers) for numbers in most if numbers is not None] == [2048] * 3  # GPUs find no more
