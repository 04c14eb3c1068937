"""Assignment error and imbalance of the rows since the training, on lists whose every number is known."""

import numpy as np
import pytest

from core.arrays import RowNumbers, Vectors
from db.vectors.drift import SAMPLE, imbalance_of, measure_drift
from tests.db.vectors.shelves import unit

CENTROIDS = np.eye(4, 8, dtype=np.float32)  # four lists


class FixedLists:
    """Four unit centroids; the first `rows` rows are in them."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = len(rows)
        self.list_sizes = np.bincount(self.assign(rows.astype(np.float32))[0], minlength=4).astype(np.int64)

    def assign(self, vectors: Vectors, /) -> tuple[RowNumbers, np.ndarray]:
        cosines = vectors @ CENTROIDS.T
        return cosines.argmax(axis=1).astype(np.int64), cosines.max(axis=1)


def near(which: np.ndarray, cosine: float) -> np.ndarray:
    """Rows at exactly this cosine from their centroid."""
    rows = np.zeros((len(which), 8), np.float32)
    rows[np.arange(len(which)), which] = cosine
    rows[:, 7] = np.sqrt(1 - cosine**2)
    return unit(rows).astype(np.float16)


EVEN = np.arange(4_000) % 4


def test_the_error_is_that_of_the_rows_since_the_training_in_the_index_or_not() -> None:
    rows = np.concatenate([near(EVEN, 0.9), near(EVEN[:1000], 0.6), near(EVEN[:1000], 0.6)])
    for built in (4_000, 5_000, 6_000):
        drift = measure_drift(FixedLists(rows[:built]), rows, trained_rows=4_000)
        assert drift is not None
        assert drift.error == pytest.approx(0.4, abs=1e-3)
        assert drift.imbalance == pytest.approx(1.0, abs=0.01)


def test_imbalance_is_as_if_the_tail_were_in_the_lists() -> None:
    """A tail that all falls into one list, sampled or whole, gives what the whole would."""
    tail = np.zeros(2 * SAMPLE, np.int64)
    rows = np.concatenate([near(EVEN, 0.9), near(tail, 0.9)])
    drift = measure_drift(FixedLists(rows[:4_000]), rows, trained_rows=4_000)
    whole = imbalance_of(FixedLists(rows).list_sizes)
    assert drift is not None
    assert whole == pytest.approx(4 * (5_000**2 + 3 * 1_000**2) / 8_000**2)
    assert drift.imbalance == pytest.approx(whole, rel=1e-6)


def test_a_sample_of_an_even_tail_does_not_look_uneven(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty of 400 rows never fall evenly over four lists; what chance adds is taken off, on average."""
    monkeypatch.setattr("db.vectors.drift.SAMPLE", 20)
    seen = []
    for more in range(0, 400, 4):  # each another sample
        rows = np.concatenate([near(EVEN[:100], 0.9), near(EVEN[: 400 + more], 0.9)])
        drift = measure_drift(FixedLists(rows[:100]), rows, trained_rows=100)
        assert drift is not None
        seen.append(drift.imbalance)
    assert np.mean(seen) == pytest.approx(1.0, abs=0.03)  # 1.10 with the squares as they come


def test_dead_rows_do_not_count() -> None:
    rows = np.concatenate([near(EVEN, 0.9), near(EVEN[:1000], 0.2)])
    live = np.ones(5_000, np.bool_)
    live[4_000:] = False
    assert measure_drift(FixedLists(rows[:4_000]), rows, trained_rows=4_000, live=live) is None
    rows[4_500:] = near(EVEN[:500], 0.8)
    live[4_500:] = True
    drift = measure_drift(FixedLists(rows[:4_000]), rows, trained_rows=4_000, live=live)
    assert drift is not None
    assert drift.error == pytest.approx(0.2, abs=1e-3)


def test_no_rows_since_the_training() -> None:
    rows = near(EVEN, 0.9)
    assert measure_drift(FixedLists(rows), rows, trained_rows=4_000) is None


def test_imbalance_of_lists() -> None:
    assert imbalance_of(np.array([5, 5, 5, 5])) == 1.0
    assert imbalance_of(np.array([20, 0, 0, 0])) == 4.0
    assert imbalance_of(np.zeros(3, np.int64)) == 0.0
