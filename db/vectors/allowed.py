"""What a mask lets through, worked out once: for an exact scan of just these rows, and for probing an index for them.

Exact: neighbours are read as slices where they lie, other rows are gathered. At a million rows of 512 numbers a row of
a slice costs 0.04 µs and a slice 30 µs, a row that is gathered 0.2 µs. So a folder's 30,000 pictures, which were
indexed one after another, are scanned in the time of 6,000 that are strewn over the library.

Probed: lists without any of the rows are passed over, and how many of the others are needed follows from two things.
How thin the rows lie there: of a random hundredth the ten best come from farther away than of all rows. And how far the
query is from them: what looks like a beach, asked of a folder full of cars, is no picture among pictures there, but as
far from all of them as words are, and needs as many lists as those. Measured at a million rows of
`benchmarks.clip_like` when this was chosen (recall@10, and times the median without a filter; pictures / texts;
docs/million.md has today's figures):

| mask                    | as without a filter, past empty lists | as here                 |
|-------------------------|---------------------------------------|-------------------------|
| 10%, strewn             | 0.995 / 0.980                         | 1.000 / 0.995, 1.3, 1.6 |
| 1%, strewn              | 0.893 / 0.970                         | 0.997 / 0.990, 1.8, 1.3 |
| half of the concepts    | 0.952 / 0.997                         | 1.000 / 0.997, 2.4, 1.4 |
| a concept of 10%        | 0.767 / 0.990                         | 0.997 / 0.993, 2.4, 1.0 |
| the same, strewn        | 0.878 / 0.978                         | 0.993 / 0.993, 2.5, 1.4 |

Leaves to others: which of the two ways is taken (`policy`), and the searching.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.exact import Found, best_of, nearest, nearest_of
from db.vectors.records import Approach, Probing

NARROW = 0.8
"""A mask that lets more of an index's rows through (all but the dead ones) is asked for as if it were none."""

NOT_PROBED = np.float32(-9)
"""In the place of a cosine with the centroid: a list without any row of the mask."""

ListOfRow = NDArray[np.unsignedinteger[Any]]
"""(rows,) the number of each row's list."""

_LEAST_RUN = 256  # rows: as a slice of their own they cost less than gathered
_SLICE_US = 30.0
LEAST_ROW_US = 0.04  # of a slice
_GATHERED_ROW_US = 0.2
_ASKED_ROW_US, _MASKED_ROW_US = 0.0016, 0.1  # of every row, and of each one that is allowed, by faiss with a selector

_DENSE = 0.5  # a list with less than this of the usual share of allowed rows is not where they are
_FARTHER = 2.5  # how soon a query by picture needs as many lists as one by text
_THIN_PICTURE, _THIN_TEXT = 0.4, 0.2  # exponents of the share of the rows in their lists
_MOST_RAISED = 1.5  # times the lists of a query by text: more found nothing more

_KEPT = 4  # masks that were asked for last


class Allowed:
    """A mask, bool (rows,), and what follows from it; each thing is worked out when it is first asked for."""

    def __init__(self, mask: RowMask) -> None:
        self.mask = mask
        self.count = int(np.count_nonzero(mask))
        self._lists: AllowedLists | None = None

    @cached_property
    def rows(self) -> "AllowedRows":
        """For an exact scan of them."""
        return AllowedRows.of(self.mask)

    def nearest(self, rows: HalfRows, query: Vectors, k: int) -> Found:
        """The best `k` of them, as `exact.nearest` finds them: by runs, or by asking about every row."""
        if self.rows.scan_us <= len(rows) * _ASKED_ROW_US + self.count * _MASKED_ROW_US:
            return self.rows.nearest(rows, query, k)
        return nearest(rows, query, k, mask=self.mask)

    def lists(self, list_of_row: ListOfRow, sizes: RowNumbers) -> "AllowedLists":
        """How an index's lists hold them; of one index only.

        Args:
            list_of_row: of the rows that the index holds, the first ones of the mask.
            sizes: int64 (lists,), rows in each list.
        """
        if self._lists is None:
            self._lists = AllowedLists.of(self.mask[: len(list_of_row)], list_of_row, sizes)
        return self._lists


class KnownMasks:
    """What follows from the masks that were asked for last, as long as nobody can have written into them."""

    def __init__(self) -> None:
        self._kept: list[Allowed] = []

    def of(self, mask: RowMask) -> Allowed:
        """What follows from this one."""
        if mask.flags.writeable:
            return Allowed(mask)
        found = next((known for known in self._kept if known.mask is mask), None) or Allowed(mask)
        self._kept = [*(known for known in self._kept if known is not found), found][-_KEPT:]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class AllowedRows:
    """The rows of a mask, laid out for reading.

    Attributes:
        starts, ends: int64 (runs,), rows [start, end) each: long runs of neighbours.
        strewn: int64 (n,), ascending: the rows in none of them.
    """

    starts: RowNumbers
    ends: RowNumbers
    strewn: RowNumbers

    @classmethod
    def of(cls, mask: RowMask) -> "AllowedRows":
        """Of bool (rows,): 0.1 ms per million where few stretches are allowed, 1.4 where rows are strewn."""
        starts, ends = _runs(mask)
        long = ends - starts >= _LEAST_RUN
        return cls(starts[long], ends[long], _numbers(starts[~long], ends[~long]))

    @property
    def scan_us(self) -> float:
        """About how long an exact search of them takes on one thread, in microseconds, at 512 numbers per row."""
        sliced = int((self.ends - self.starts).sum())
        return len(self.starts) * _SLICE_US + sliced * LEAST_ROW_US + len(self.strewn) * _GATHERED_ROW_US

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


@dataclass(frozen=True, slots=True, eq=False)
class AllowedLists:
    """The rows of a mask, as an index's lists hold them.

    Attributes:
        empty: bool (lists,), lists without any of them.
        dense: bool (lists,), lists of which they are a good part, as far as they are that anywhere.
        share: what part of their lists they are, as seen from one of them, 0 to 1; 1 where there are none.
    """

    empty: NDArray[np.bool_]
    dense: NDArray[np.bool_]
    share: float

    @classmethod
    def of(cls, mask: RowMask, list_of_row: ListOfRow, sizes: RowNumbers) -> "AllowedLists":
        """2 ms per million rows at most."""
        counts = np.bincount(np.take(list_of_row, np.flatnonzero(mask)), minlength=len(sizes))
        shares = counts / np.maximum(sizes, 1)
        share = float(shares @ counts / counts.sum()) if counts.any() else 1.0
        return cls(counts == 0, shares >= _DENSE * share, share)

    def probing(self, how: Approach, cosines: NDArray[np.float32]) -> Probing:
        """How a query finds these rows.

        Args:
            how: as it would find any rows.
            cosines: float32 (lists,), of the query with the centroids.
        """
        best, border = float(cosines.max()), how.border
        most, any_rows = _MOST_RAISED * how.text.nprobe, how.probing(best)
        if best <= border:
            return replace(any_rows, nprobe=round(min(most, any_rows.nprobe * self.share**-_THIN_TEXT)))
        best_allowed = float(cosines[self.dense].max(initial=border))
        near = max(0.0, (best_allowed - border) / (best - border)) ** _FARTHER
        nprobe = any_rows.nprobe**near * how.text.nprobe ** (1 - near) * self.share**-_THIN_PICTURE
        candidates = any_rows.candidates**near * how.text.candidates ** (1 - near)
        return Probing(round(min(most, nprobe)), round(candidates))


def _runs(mask: RowMask) -> tuple[RowNumbers, RowNumbers]:
    """Where runs of True begin, and where they end."""
    bits = mask.view(np.int8)
    edges = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    if len(bits) and bits[0]:
        edges = np.concatenate([[0], edges])
    if len(bits) and bits[-1]:
        edges = np.concatenate([edges, [len(bits)]])
    return edges[::2], edges[1::2]


def _numbers(starts: RowNumbers, ends: RowNumbers) -> RowNumbers:
    """All the numbers in these runs, ascending."""
    lengths = ends - starts
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(starts - before, lengths) + np.arange(int(lengths.sum())), np.int64)
