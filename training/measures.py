"""How good a ranking is, from scores alone: pure functions on arrays.

Knows neither models nor pictures. A tie always counts against the model: one that answers everything with the same
vector gets nothing for it.
"""

from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores: TypeAlias = NDArray[np.float32]
"""(queries, candidates), higher is better; or (candidates,) for a single query."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and the 95 % interval of the share they were drawn from (Wilson's score interval, 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """Between 0 and 1."""
        return self.hits / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound."""
        z, n, p = 1.959964, self.of, self.value
        centre = p + z * z / (2 * n)
        spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (centre - spread) / (1 + z * z / n)), min(1.0, (centre + spread) / (1 + z * z / n))


def ranks(scores: Scores, right: NDArray[np.intp]) -> NDArray[np.intp]:
    """The place of each query's right candidate, from 1: int (queries,).

    Args:
        scores: (queries, candidates).
        right: (queries,) which candidate is the right one.
    """
    own = np.take_along_axis(scores, right[:, None], axis=1)
    return np.asarray((scores >= own).sum(axis=1), np.intp)


def within(places: NDArray[np.intp], k: int) -> Share:
    """How many of the places are among the first `k`: recall@k, or top-k accuracy."""
    return Share(int((places <= k).sum()), len(places))


def precision(scores: Scores, relevant: NDArray[np.bool_], k: int) -> float:
    """How much of the first `k` is relevant; of the first R, where only R < k are relevant at all.

    Args:
        scores: (candidates,).
        relevant: (candidates,), at least one True.
        k: how many are looked at.
    """
    first = np.lexsort((relevant, -scores))[: min(k, int(relevant.sum()))]
    return float(relevant[first].mean())
