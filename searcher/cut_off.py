"""What a cut-off costs: how much of what is there is found, against how often it is answered where nothing is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CutOff:
    """One threshold, and what comes of it.

    Attributes:
        threshold: an answer counts from this score on.
        found: share of the questions with a right answer whose right answer counts, 0 to 1.
        wrong: share of the questions without one where something counts nevertheless, 0 to 1.
    """

    threshold: float
    found: float
    wrong: float


def cut_off_curve(present: NDArray[np.floating], absent: NDArray[np.floating]) -> tuple[CutOff, ...]:
    """Every threshold at which more is found, the strictest first; `found` rises to 1, `wrong` never falls.

    Args:
        present: the score of the right answer, where there is one (n,); of several right answers the best.
        absent: the best score with the right answers taken away (m,).

    Raises:
        ValueError: one of the two is empty, or a score is not a number.
    """
    if not len(present) or not len(absent):
        raise ValueError("a curve needs scores with and without a right answer")
    if not (np.isfinite(present).all() and np.isfinite(absent).all()):
        raise ValueError("a score is not a number")
    there, away = np.sort(present), np.sort(absent)
    return tuple(
        CutOff(
            threshold=float(threshold),
            found=_at_least(there, threshold),
            wrong=_at_least(away, threshold),
        )
        for threshold in np.unique(there)[::-1]
    )


def wrong_at(curve: Sequence[CutOff], found: float) -> float:
    """How often it is answered wrongly where at least this share is found, by the strictest threshold that does it."""
    return next(point.wrong for point in curve if point.found >= found)


def _at_least(ascending: NDArray[np.floating], threshold: np.floating) -> float:
    return 1.0 - int(np.searchsorted(ascending, threshold)) / len(ascending)
