"""When an index is written anew, by which signal, and that what was done is not due again."""

from dataclasses import replace

import pytest

from db.vectors.policy import LEAST_ROWS
from db.vectors.records import IndexRecord
from db.vectors.upkeep import Action, Drift, Signals, decide, fell_short, worth_an_index, worth_measuring

RECORD = IndexRecord(
    "index.1.faiss",
    built_rows=100_000,
    structure="IVF1265,PQ128x4fsr",
    nprobe=64,
    candidates=512,
    digest="d",
    recall_image=0.995,
    recall_text=0.991,
    seconds=12.0,
    target=0.99,
    coarse_error=0.30,
    imbalance=1.5,
    trained_rows=100_000,
)
EVEN = Drift(error=0.30, imbalance=1.5)


def action(
    record: IndexRecord | None = RECORD,
    *,
    rows: int = 100_000,
    live: int | None = None,
    dead: int = 0,
    drift: Drift | None = None,
    recall: float | None = None,
    exact_below: int = 50_000,
) -> Action:
    signals = Signals(rows, rows - dead if live is None else live, dead, drift)
    decision = decide(record, signals, exact_below=exact_below, recall=recall)
    assert bool(decision.reason) == (decision.action is not Action.NOTHING)
    return decision.action


def test_few_rows_need_no_index() -> None:
    assert action(None, rows=49_999) is Action.NOTHING
    assert action(None, rows=50_000) is Action.REBUILD
    assert action(rows=150_000, live=49_999) is Action.NOTHING
    assert action(None, rows=LEAST_ROWS - 1, exact_below=0) is Action.NOTHING
    assert action(None, rows=LEAST_ROWS, exact_below=0) is Action.REBUILD
    assert [worth_an_index(rows, exact_below=0) for rows in (LEAST_ROWS - 1, LEAST_ROWS)] == [False, True]


def test_a_fresh_index_is_left_alone() -> None:
    assert action() is Action.NOTHING
    assert action(drift=EVEN, recall=0.99) is Action.NOTHING


def test_an_index_over_rows_that_are_not_there_goes() -> None:
    assert action(rows=99_999) is Action.REBUILD


def test_a_long_tail_is_added_to_the_lists() -> None:
    """8 · √100,000 = 2,529.8: what scanning the tail costs grows with the rest of a query."""
    assert action(rows=102_529) is Action.NOTHING
    assert action(rows=102_530) is Action.EXTEND
    million = replace(RECORD, built_rows=1_000_000, trained_rows=1_000_000)
    assert action(million, rows=1_008_000) is Action.NOTHING
    assert action(million, rows=1_008_001) is Action.EXTEND


def test_an_index_of_an_earlier_version_goes() -> None:
    old = replace(RECORD, trained_rows=0, coarse_error=0.0, imbalance=0.0)
    assert action(old) is Action.REBUILD


def test_much_growth_since_the_training_wants_more_lists_however_often_it_was_extended() -> None:
    extended = replace(RECORD, built_rows=150_000)
    assert action(extended, rows=150_000) is Action.NOTHING
    assert action(extended, rows=150_001) is Action.REBUILD


def test_rows_unlike_those_before_are_not_added_to_lists_that_do_not_fit_them() -> None:
    assert action(rows=103_000, drift=EVEN) is Action.EXTEND
    assert action(rows=103_000, drift=Drift(error=0.335, imbalance=1.5)) is Action.EXTEND
    assert action(rows=103_000, drift=Drift(error=0.337, imbalance=1.5)) is Action.REBUILD  # over 0.12 worse
    assert action(rows=103_000, drift=Drift(error=0.20, imbalance=1.5)) is Action.EXTEND
    assert action(rows=103_000, drift=Drift(error=0.30, imbalance=2.25)) is Action.EXTEND
    assert action(rows=103_000, drift=Drift(error=0.30, imbalance=2.26)) is Action.REBUILD


def test_in_the_tail_they_are_found_whatever_the_lists_are_like() -> None:
    assert action(rows=102_000, drift=Drift(error=0.6, imbalance=5.0)) is Action.NOTHING


def test_another_recall_is_only_measured() -> None:
    assert action(recall=0.95) is Action.EXTEND
    assert action(recall=0.995) is Action.EXTEND
    assert action(replace(RECORD, target=0.95), recall=0.95) is Action.NOTHING
    assert action(replace(RECORD, target=0.95), recall=None) is Action.NOTHING


def test_rows_that_died_since_recall_was_measured_have_it_measured_again_once() -> None:
    assert action(dead=10_000) is Action.NOTHING
    assert action(dead=10_001) is Action.EXTEND
    assert action(replace(RECORD, dead_rows=10_001), dead=10_001) is Action.NOTHING


def test_the_reason_is_a_sentence_with_numbers() -> None:
    said = decide(RECORD, Signals(103_000, 103_000), exact_below=0).reason
    assert said == "3,000 rows are newer than it, and every query scans them"
    said = decide(RECORD, Signals(112_000, 112_000, 0, Drift(0.45, 1.5)), exact_below=0).reason
    assert said == (
        "12,000 rows are newer than it, and every query scans them;"
        " its lists fit the 12,000 rows since it was trained 50% worse than those before"
    )


@pytest.mark.parametrize(("recall_text", "built", "expected"), [(0.984, 110_000, True), (0.986, 110_000, False)])
def test_lists_that_cannot_give_the_recall_any_more_are_given_up(
    recall_text: float, built: int, expected: bool
) -> None:
    assert fell_short(replace(RECORD, recall_text=recall_text, built_rows=built)) is expected


def test_lists_that_know_every_row_are_kept_whatever_they_reach() -> None:
    """Trained again on the same rows they would reach no more: or each run would train them."""
    assert not fell_short(replace(RECORD, recall_text=0.9))


def test_drift_is_measured_where_it_could_matter() -> None:
    """2 · √100,000 = 632."""
    assert not worth_measuring(RECORD, Signals(100_632, 100_632))
    assert worth_measuring(RECORD, Signals(100_633, 100_633))
    assert worth_measuring(replace(RECORD, built_rows=103_000), Signals(103_000, 103_000))  # extended before
