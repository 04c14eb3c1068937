"""Do the rows since the training still fit the lists? Assignment error and imbalance, by a sample of them.

What lists were trained without shows here first: trained on a fiftieth of the concepts, queries by picture found 0.84
of what they should (their own rows lie in lists that fit), queries by text 0.62. Leaves to others: what to do about it.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.sampling import sample_rows
from db.vectors.upkeep import Drift

SAMPLE = 2_000  # rows: their mean error is known to a fiftieth of what is called drift


class Lists(Protocol):
    """What of an index is asked; `IvfPq` is one."""

    @property
    def rows(self) -> int:
        """How many are in it: rows [0, rows)."""

    @property
    def list_sizes(self) -> RowNumbers:
        """Rows in each list, int64 (lists,)."""

    def assign(self, vectors: Vectors, /) -> tuple[RowNumbers, NDArray[np.float32]]:
        """The list of each vector, float32 (n, dim), and the cosine with its centroid."""


def measure_drift(index: Lists, rows: HalfRows, *, trained_rows: int, live: RowMask | None = None) -> Drift | None:
    """How the rows from `trained_rows` on lie in the index's lists; None where none of them may be found.

    Args:
        index: over the first of `rows`.
        rows: float16 (n, dim), unit rows: all committed ones.
        trained_rows: how many there were when the lists were trained.
        live: the rows that may be found, bool (n,); None is all.
    """
    rng = np.random.default_rng(len(rows))
    since = sample_rows(rows[trained_rows:], None if live is None else live[trained_rows:], SAMPLE, rng)
    if not len(since):
        return None
    _, cosines = index.assign(since)
    return Drift(error=float(np.mean(1.0 - cosines)), imbalance=_imbalance(index, rows, live, rng))


def imbalance_of(sizes: NDArray[np.int64] | NDArray[np.float64]) -> float:
    """How uneven lists are: 1 where all are as long (lists · sum of squared shares), their number where one has all."""
    total = float(sizes.sum())
    return float(len(sizes) * np.square(sizes / total).sum()) if total else 0.0


def _imbalance(index: Lists, rows: HalfRows, live: RowMask | None, rng: "np.random.Generator") -> float:
    """As if the tail were in the lists, too: where its sample falls, there its rows would be."""
    built = np.asarray(index.list_sizes, np.float64)
    tail = sample_rows(rows[index.rows :], None if live is None else live[index.rows :], SAMPLE, rng)
    count = len(rows) - index.rows if live is None else int(np.count_nonzero(live[index.rows :]))
    if len(tail) < 2:
        return imbalance_of(built)
    hits = np.bincount(index.assign(tail)[0], minlength=len(built)).astype(np.float64)
    added = hits * (count / len(tail))
    # The squares of a sample's shares are too large by chance alone; of pairs of different rows they are not.
    squares = float((hits * (hits - 1)).sum()) * count * (count - 1) / (len(tail) * (len(tail) - 1)) + count
    total = float(built.sum()) + count
    return len(built) * (float(np.square(built).sum()) + 2 * float(built @ added) + squares) / total**2
