"""Building with GPUs: the file is the CPU's, byte for byte where each row goes to the same list."""

from typing import Any

import numpy as np
import pytest

from core.arrays import Vectors
from db.vectors.engine import load_faiss
from db.vectors.gpu_build import Assigner, clustering_on, make_adder
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import clustered

LISTS = 24


@pytest.fixture(scope="module")
def rows() -> Vectors:
    """3,000 rows of 32 numbers, two of which are damaged. Not to be changed."""
    made = clustered(3000, 32).astype(np.float32)
    made[[77, 1500]] = np.nan
    return made


def empty(structure: str, dim: int = 32) -> Any:
    faiss = load_faiss()
    index = faiss.index_factory(dim, structure, faiss.METRIC_INNER_PRODUCT)
    index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
    return index


def file_of(index: Any) -> bytes:
    written: bytes = load_faiss().serialize_index(index).tobytes()
    return written


def test_what_gpus_train_and_assign_is_the_file_a_cpu_writes(rows: Vectors) -> None:
    cuda = FakeCuda()
    ours, plain = empty(f"IVF{LISTS},PQ8x4fsr"), empty(f"IVF{LISTS},PQ8x4fsr")
    plain.train(rows[100:1500])
    with clustering_on(cuda, ours):
        ours.train(rows[100:1500])
    assert ours.clustering_index is None  # the GPUs' copy is gone by now
    adder = make_adder(cuda, ours)
    for start in range(0, len(rows), 700):
        adder.add(rows[start : start + 700])
        plain.add(rows[start : start + 700])
    adder.finish()
    assert file_of(ours) == file_of(plain)
    del adder  # the index stands on its own
    assert np.array_equal(ours.search(rows[200:220], 5)[1], plain.search(rows[200:220], 5)[1])
    assert cuda.asked == [("spread", "IndexFlatIP"), ("spread", "IndexFlatIP")]  # float32, whole on each


def test_without_gpus_the_cpu_trains() -> None:
    index = empty("IVF4,PQ8x4fsr")
    with clustering_on(None, index):
        assert index.clustering_index is None


def test_rows_that_are_not_numbers_are_in_no_list(rows: Vectors) -> None:
    index = empty(f"IVF{LISTS},PQ8x4fsr")
    index.train(rows[100:1500])
    damaged = rows.copy()
    damaged[78, 5] = np.inf
    lists = Assigner(FakeCuda(), index)(damaged)
    assert np.flatnonzero(lists == -1).tolist() == [77, 78, 1500]
    sound = lists >= 0
    assert np.array_equal(lists[sound], index.quantizer.search(rows[sound], 1)[1][:, 0])
    assert np.isinf(damaged[78, 5])  # the caller's rows stay as they are


def test_an_index_with_rows_in_it_is_not_added_to(rows: Vectors) -> None:
    index = empty("IVF4,PQ8x4fsr")
    index.train(rows[100:1500])
    index.add(rows[:50])
    with pytest.raises(ValueError, match="expected an empty index, got one of 50 rows"):
        make_adder(FakeCuda(), index)


def test_the_gpus_own_index_comes_back_as_the_cpus(rows: Vectors) -> None:
    cuda = FakeCuda()
    index, plain = empty(f"IVF{LISTS},PQ4x8np"), empty(f"IVF{LISTS},PQ4x8np")
    plain.train(rows[100:1500])
    with clustering_on(cuda, index):
        index.train(rows[100:1500])
    adder = make_adder(cuda, index)
    for start in range(0, len(rows), 700):
        adder.add(rows[start : start + 700])
        plain.add(rows[start : start + 700])
    adder.finish()
    del adder
    assert (index.ntotal, plain.ntotal) == (3000, 3000)
    again = load_faiss().deserialize_index(load_faiss().serialize_index(index))
    assert type(again).__name__ == "IndexIVFPQ"
    some = rows[200:220]
    assert np.array_equal(again.search(some, 5)[1], plain.search(some, 5)[1])
    assert cuda.asked == [
        ("spread", "IndexFlatIP"),
        ("spread", "IndexIVFPQ sharded float16"),
        ("gather", "IndexIVFPQ"),
    ]
