"""The policy: which structure, when to build, how to probe."""

import numpy as np
import pytest

from db.vectors.allowed import Allowed
from db.vectors.policy import LEAST_ROWS, approach, plan_index
from db.vectors.records import IndexRecord, Probing

RECORD = IndexRecord(
    file="index.1.x.faiss",
    built_rows=100_000,
    structure="IVF1265,PQ128x4fsr",
    nprobe=256,
    candidates=1024,
    digest="x",
    recall_image=0.999,
    recall_text=0.99,
    seconds=1.0,
    nprobe_image=32,
    candidates_image=128,
)


@pytest.mark.parametrize(
    ("rows", "dim", "structure"),
    [
        (LEAST_ROWS, 512, "OPQ128_512,IVF1,PQ128x4fsr"),
        (756, 512, "OPQ128_512,IVF19,PQ128x4fsr"),  # bounded by 39 points per list
        (10_000, 512, "OPQ128_512,IVF256,PQ128x4fsr"),
        (100_000, 768, "OPQ192_768,IVF1265,PQ192x4fsr"),
        (1_000_000, 510, "OPQ128_512,IVF4000,PQ128x4fsr"),  # padded to 512
        (10_000_000, 512, "OPQ128_512,IVF12649,PQ128x4fsr"),
        (1_000_000_000, 512, "OPQ128_512,IVF40960,PQ128x4fsr"),  # bounded by the sample's memory
    ],
)
def test_structure_by_rows(rows: int, dim: int, structure: str) -> None:
    assert plan_index(rows, dim).structure == structure


@pytest.mark.parametrize("rows", [LEAST_ROWS, 700, 10_000, 49_999, 50_000, 1_000_000, 10_000_000, 1_000_000_000])
def test_training_has_enough_points_and_bounded_memory(rows: int) -> None:
    plan = plan_index(rows, 512)
    assert plan.sample <= min(rows, 1_000_000)
    assert plan.sample >= 24 * plan.lists


def test_too_few_rows_to_train_on() -> None:
    with pytest.raises(ValueError, match="at least 64 rows, got 63"):
        plan_index(LEAST_ROWS - 1, 512)


def how(*, allowed: int, rows: int, k: int = 10, strewn: bool = True) -> Probing | None:
    """Of so many rows, strewn evenly or one after another."""
    mask = np.zeros(rows, np.bool_)
    mask[np.linspace(0, rows - 1, allowed).astype(np.int64) if strewn else slice(allowed)] = True
    found = approach(RECORD, k=k, allowed=Allowed(mask), dim=512)
    return None if found is None else found.text


def test_rows_that_are_quickly_read_one_by_one_are() -> None:
    assert how(allowed=5_000, rows=100_000) is None
    assert how(allowed=25_000, rows=100_000, strewn=False) is None
    assert how(k=2000, allowed=100_000, rows=100_000) is None
    assert how(allowed=25_000, rows=100_000) == Probing(nprobe=256, candidates=1024)
    assert how(allowed=100_000, rows=100_000) == Probing(nprobe=256, candidates=1024)


def test_more_hits_lie_deeper() -> None:
    assert how(k=40, allowed=100_000, rows=100_000) == Probing(nprobe=512, candidates=1024)
    assert how(k=1000, allowed=100_000, rows=100_000) == Probing(nprobe=2560, candidates=10_000)
    assert how(k=1, allowed=100_000, rows=100_000) == Probing(nprobe=256, candidates=1024)


def test_both_kinds_of_query_go_deeper() -> None:
    found = approach(RECORD, k=40, allowed=None, dim=512)
    assert found is not None
    assert (found.picture, found.text) == (Probing(64, 400), Probing(512, 1024))


def test_a_record_of_an_earlier_version_treats_all_queries_as_words() -> None:
    earlier = IndexRecord("index.1.x.faiss", 100_000, "IVF1265,PQ128x4fsr", 256, 1024, "x", 0.999, 0.99, 1.0)
    assert earlier.approach.picture == earlier.approach.text == Probing(256, 1024)
    assert earlier.approach.border > 1


def test_a_small_library_with_a_few_tombstones_still_uses_its_index() -> None:
    assert how(allowed=700, rows=756) is not None
    assert how(allowed=300, rows=756) is None
