"""Figures whose value is known by hand."""

import numpy as np
import pytest

from training.measures import Share, precision, ranks, within


def test_ranks_by_hand() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.9, 0.1, 0.5], [0.9, 0.1, 0.5]], np.float32)
    assert ranks(scores, np.array([0, 1, 2])).tolist() == [1, 3, 2]


def test_ties_count_against_the_model() -> None:
    scores = np.zeros((2, 5), np.float32)
    assert ranks(scores, np.array([0, 4])).tolist() == [5, 5]


def test_within_counts_places_up_to_k() -> None:
    places = np.array([1, 2, 5, 6, 10, 11])
    assert [within(places, k) for k in (1, 5, 10)] == [Share(1, 6), Share(3, 6), Share(5, 6)]


def test_precision_of_the_first_ten() -> None:
    scores = np.linspace(1.0, 0.0, 30, dtype=np.float32)
    relevant = np.zeros(30, bool)
    relevant[[0, 2, 9, 10, 11, 12, 13, 14, 15, 16, 17]] = True
    assert precision(scores, relevant, 10) == pytest.approx(0.3)


def test_precision_of_the_first_r_where_few_are_relevant() -> None:
    scores = np.array([0.4, 0.3, 0.2, 0.1], np.float32)
    assert precision(scores, np.array([True, False, True, False]), 10) == pytest.approx(0.5)


def test_one_score_for_all_is_no_precision() -> None:
    assert precision(np.zeros(30, np.float32), np.arange(30) < 10, 10) == 0.0


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(5, 10), 0.2366, 0.7634),
        (Share(0, 10), 0.0, 0.2775),
        (Share(10, 10), 0.7225, 1.0),
        (Share(10, 50), 0.1124, 0.3304),
    ],
)
def test_wilson_interval(share: Share, low: float, high: float) -> None:
    assert share.interval == pytest.approx((low, high), abs=1e-4)
