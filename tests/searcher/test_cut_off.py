"""The curve of a cut-off, on numbers that can be counted by hand."""

from itertools import pairwise

import numpy as np
import pytest

from searcher.cut_off import CutOff, cut_off_curve, wrong_at


def curve(present: list[float], absent: list[float]) -> tuple[CutOff, ...]:
    return cut_off_curve(np.array(present), np.array(absent))


def test_by_hand() -> None:
    assert curve([0.9, 0.5, 0.7, 0.1], [0.6, 0.2, 0.05, 0.7]) == (
        CutOff(threshold=0.9, found=0.25, wrong=0.0),
        CutOff(threshold=0.7, found=0.5, wrong=0.25),
        CutOff(threshold=0.5, found=0.75, wrong=0.5),
        CutOff(threshold=0.1, found=1.0, wrong=0.75),
    )


def test_equal_scores_are_one_threshold() -> None:
    assert curve([0.5, 0.5, 0.5], [0.5, 0.4]) == (CutOff(0.5, 1.0, 0.5),)


def test_what_is_told_apart_is_never_answered_wrongly() -> None:
    assert {point.wrong for point in curve([3.0, 4.0, 5.0], [1.0, 2.0])} == {0.0}


def test_it_never_falls() -> None:
    draw = np.random.default_rng(0)
    points = cut_off_curve(draw.normal(1.0, 1.0, 500), draw.normal(0.0, 1.0, 300).astype(np.float32))
    for before, after in pairwise(points):
        assert before.threshold > after.threshold
        assert before.found < after.found
        assert before.wrong <= after.wrong
    assert points[-1].found == 1.0
    assert wrong_at(points, 0.5) == pytest.approx(0.16, abs=0.06)  # of a normal curve: what is above one deviation


def test_the_strictest_threshold_that_finds_enough() -> None:
    points = curve([0.9, 0.5, 0.7, 0.1], [0.6, 0.2, 0.05, 0.7])
    assert [wrong_at(points, found) for found in (0.25, 0.3, 0.5, 0.75, 1.0)] == [0.0, 0.25, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(("present", "absent"), [([], [1.0]), ([1.0], []), ([np.nan], [1.0]), ([1.0], [np.inf])])
def test_no_curve_through_nothing(present: list[float], absent: list[float]) -> None:
    with pytest.raises(ValueError, match="score"):
        curve(present, absent)
