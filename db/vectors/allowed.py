"""The rows that a mask lets through, laid out for reading: neighbours as slices where they lie, the others gathered.

Exact search of just these rows, by the mask's runs. Measured at a million rows of 512 numbers: a row of a slice costs
0.04 µs and a slice 30 µs, a row that is gathered 0.2 µs (0.1 where its neighbours are, too), and a row that is only
asked about (by faiss, with a selector) 1.6 ns. So a folder's 30,000 pictures, which were indexed one after another, are
scanned in the time of 6,000 that are strewn over the library. Leaves to others: whether an exact search is wanted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.exact import Found, best_of, nearest, nearest_of

_LEAST_RUN = 256  # rows: as a slice of their own they cost less than gathered
_SLICE_US = 30.0
_SLICED_ROW_US = 0.04
_GATHERED_ROW_US = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class AllowedRows:
    """What a mask lets through.

    Attributes:
        count: how many rows.
        starts, ends: int64 (runs,), rows [start, end) each: long runs of neighbours.
        strewn: int64 (n,), ascending: the rows in none of them.
    """

    count: int
    starts: RowNumbers
    ends: RowNumbers
    strewn: RowNumbers

    @classmethod
    def of(cls, mask: RowMask) -> "AllowedRows":
        """Of bool (rows,): 0.5 ms per million."""
        starts, ends = _runs(mask)
        long = ends - starts >= _LEAST_RUN
        short_starts, short_ends = starts[~long], ends[~long]
        return cls(
            count=int((ends - starts).sum()),
            starts=starts[long],
            ends=ends[long],
            strewn=_numbers(short_starts, short_ends),
        )

    @property
    def scan_us(self) -> float:
        """About how long an exact search of them takes on one thread, in microseconds, at 512 numbers per row."""
        sliced = int((self.ends - self.starts).sum())
        return len(self.starts) * _SLICE_US + sliced * _SLICED_ROW_US + len(self.strewn) * _GATHERED_ROW_US

    def nearest(self, rows: HalfRows, query: Vectors, k: int) -> Found:
        """The best `k` of them, as `exact.nearest` finds them.

        Args:
            rows: float16 (n, dim), unit rows.
            query: float32 (dim,), unit length.
            k: how many; fewer are found only where fewer are allowed.
        """
        parts = [nearest_of(rows, query, k, self.strewn)]
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            scores, at = nearest(rows[start:end], query, k)
            parts.append((scores, at + start))
        return best_of(parts, k)


def _runs(mask: RowMask) -> tuple[RowNumbers, RowNumbers]:
    """Where runs of True begin, and where they end."""
    bits = mask.view(np.int8)
    edges = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    if len(bits) and bits[0]:
        edges = np.concatenate([[0], edges])
    if len(bits) and bits[-1]:
        edges = np.concatenate([edges, [len(bits)]])
    return edges[::2], edges[1::2]


def _numbers(starts: RowNumbers, ends: RowNumbers) -> NDArray[np.int64]:
    """All the numbers in these runs, ascending."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
