"""Exact search: the k rows of largest cosine, by faiss over the memory-mapped rows, then scored in float64.

No copy of the rows is made, and numpy never scans them (2 to 3 s of CPU per million rows; faiss needs 0.1 s).
Leaves to others: whether an exact search is wanted at all.
"""

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.engine import HalfScanner, one_thread
from db.vectors.records import Candidates

# A masked scan asks about every row (1.6 ns) and reads the allowed ones (0.1 µs at 512 numbers); gathering an
# allowed row costs 0.16 µs and never looks at the others. They break even near one row in 40.
_GATHER_BELOW = 1 / 32
_GATHER_ROWS = 8192  # rows copied at a time: 8 MB at 512 numbers
_SCORE_ROWS = 1024  # rows turned to float64 at a time: 4 MB at 512 numbers

Found = tuple[NDArray[np.float32], RowNumbers]
"""Scores as faiss sums them (float32) and row numbers, in no promised order."""


def exact_search(rows: HalfRows, query: Vectors, k: int, *, mask: RowMask | None = None) -> Candidates:
    """The best `k` of the rows the mask lets through; fewer where fewer are.

    Args:
        rows: float16 (n, dim), unit rows.
        query: float32 (dim,), unit length.
        k: how many.
        mask: bool (n,); None lets every row be found.
    """
    return ranked(rows, query, nearest(rows, query, k, mask=mask)[1], k)


def nearest(rows: HalfRows, query: Vectors, k: int, *, mask: RowMask | None = None) -> Found:
    """The rows that `exact_search` would return, before they are scored in float64."""
    if mask is None:
        return _scan(rows, query, min(k, len(rows)), None)
    allowed = int(np.count_nonzero(mask))
    if allowed < len(rows) * _GATHER_BELOW:
        return nearest_of(rows, query, k, np.flatnonzero(mask))
    return _scan(rows, query, min(k, allowed), mask)


def nearest_of(rows: HalfRows, query: Vectors, k: int, numbers: RowNumbers) -> Found:
    """The best `k` among the rows of these numbers; ascending numbers make the reads sequential."""
    parts = [(np.empty(0, np.float32), np.empty(0, np.int64))]
    for start in range(0, len(numbers), _GATHER_ROWS):
        some = numbers[start : start + _GATHER_ROWS]
        scores, at = _scan(np.take(rows, some, axis=0), query, min(k, len(some)), None)  # rows[some] takes longer
        parts.append((scores, some[at]))
    return best_of(parts, k)


def cosines_of(rows: HalfRows, query: Vectors, numbers: RowNumbers) -> NDArray[np.float32]:
    """Of the query with each row of these numbers, in their order: float32 (n,); nan for a damaged row.

    A fifth of the time that numpy takes, nearly all of it to make float32 of float16.
    """
    cosines = np.full(len(numbers), np.nan, np.float32)
    for start in range(0, len(numbers), _GATHER_ROWS):
        some = np.take(rows, numbers[start : start + _GATHER_ROWS], axis=0)
        scores, at = _scan(some, query, len(some), None)
        cosines[start + at] = scores
    return cosines


def best_of(parts: list[Found], k: int) -> Found:
    """The best `k` of what several searches found; no row may be in two of them."""
    scores = np.concatenate([part[0] for part in parts])
    numbers = np.concatenate([part[1] for part in parts])
    if len(scores) > k:
        keep = np.argpartition(-scores, k - 1)[:k] if k else np.empty(0, np.int64)
        scores, numbers = scores[keep], numbers[keep]
    return scores, numbers


def ranked(rows: HalfRows, query: Vectors, numbers: RowNumbers, k: int) -> Candidates:
    """These rows by their exact score, best first, at most `k`; equal scores by row number.

    The score is the inner product in float64 of the query and the float16 row. Rounding to float16 leaves a row up
    to 2e-5 longer than one, so scores are cut to [-1, 1].
    """
    wide = query.astype(np.float64)
    scores = np.empty(len(numbers), np.float64)
    for start in range(0, len(numbers), _SCORE_ROWS):
        some = numbers[start : start + _SCORE_ROWS]
        scores[start : start + len(some)] = np.take(rows, some, axis=0).astype(np.float64) @ wide
    order = np.lexsort((numbers, -scores))[:k]
    return Candidates(rows=numbers[order], scores=np.clip(scores[order], -1.0, 1.0).astype(np.float32))


def _scan(rows: HalfRows, query: Vectors, k: int, mask: RowMask | None) -> Found:
    if k <= 0:
        return np.empty(0, np.float32), np.empty(0, np.int64)
    with one_thread():
        scores, numbers = HalfScanner(rows).search(query[np.newaxis], k, mask)
    found = numbers[0] >= 0  # -1: fewer than k rows have a score, which only damaged ones lack
    return scores[0][found], numbers[0][found]
