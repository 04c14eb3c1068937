"""The policy: which structure, when to build, how to probe."""

from dataclasses import replace

import pytest

from db.vectors.policy import LEAST_ROWS, Probing, index_is_due, plan_index, probing
from db.vectors.records import IndexRecord

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
)


@pytest.mark.parametrize(
    ("rows", "dim", "structure"),
    [
        (LEAST_ROWS, 512, "IVF1,PQ128x4fsr"),
        (756, 512, "IVF19,PQ128x4fsr"),  # bounded by 39 points per list
        (10_000, 512, "IVF256,PQ128x4fsr"),
        (100_000, 768, "IVF1265,PQ192x4fsr"),
        (1_000_000, 510, "IVF4000,PQ128x4fsr"),  # padded to 512
        (100_000_000, 512, "IVF8192,PQ128x4fsr"),  # bounded by the sample's memory
    ],
)
def test_structure_by_rows(rows: int, dim: int, structure: str) -> None:
    assert plan_index(rows, dim).structure == structure


@pytest.mark.parametrize("rows", [LEAST_ROWS, 700, 10_000, 49_999, 50_000, 1_000_000, 10_000_000, 1_000_000_000])
def test_training_has_enough_points_and_bounded_memory(rows: int) -> None:
    plan = plan_index(rows, 512)
    assert plan.sample <= min(rows, 500_000)
    assert plan.sample >= 39 * plan.lists


def test_too_few_rows_to_train_on() -> None:
    with pytest.raises(ValueError, match="at least 64 rows, got 63"):
        plan_index(LEAST_ROWS - 1, 512)


def due(record: IndexRecord | None = RECORD, *, live: int = 100_000, rows: int = 100_000, below: int = 50_000) -> bool:
    return index_is_due(record, live_rows=live, committed_rows=rows, exact_below=below)


def test_an_index_is_due_above_the_threshold_and_when_its_tail_has_grown() -> None:
    assert due(None)
    assert not due(None, live=49_999)
    assert not due(None, live=LEAST_ROWS - 1, below=0)
    assert due(None, live=LEAST_ROWS, below=0)
    assert not due()
    assert not due(rows=120_000, live=120_000)
    assert due(rows=120_001, live=120_001)
    assert due(rows=99_999)  # over rows that are not committed
    assert not due(rows=150_000, live=49_000)
    large = replace(RECORD, built_rows=10_000_000)
    assert due(large, rows=10_050_001, live=10_000_000)  # 0.5%, but 5 ms of exact scanning


def how(*, allowed: int, rows: int, k: int = 10) -> Probing | None:
    return probing(RECORD, k=k, allowed=allowed, rows=rows)


def test_narrow_filters_are_scanned_exactly_and_others_probe_deeper() -> None:
    assert how(allowed=30_000, rows=100_000) is None
    assert how(k=2000, allowed=100_000, rows=100_000) is None
    assert how(allowed=100_000, rows=100_000) == Probing(nprobe=256, candidates=1024)
    assert how(allowed=33_334, rows=100_000) == Probing(nprobe=768, candidates=1024)
    assert how(allowed=40_000, rows=10_000_000) == Probing(nprobe=8 * 256, candidates=1024)  # bounded


def test_more_hits_lie_deeper() -> None:
    assert how(k=40, allowed=100_000, rows=100_000) == Probing(nprobe=512, candidates=1024)
    assert how(k=1000, allowed=100_000, rows=100_000) == Probing(nprobe=2560, candidates=10_000)
    assert how(k=1, allowed=100_000, rows=100_000) == Probing(nprobe=256, candidates=1024)


def test_a_small_library_with_a_few_tombstones_still_uses_its_index() -> None:
    assert how(allowed=700, rows=756) is not None
    assert how(allowed=300, rows=756) is None
