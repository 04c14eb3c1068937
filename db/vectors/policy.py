"""Which structure for how many rows: one table, and the few rules around it. docs: this docstring and the table.

| live rows        | structure                             | why |
|------------------|---------------------------------------|-----|
| under LEAST_ROWS | exact                                 | nothing to train on |
| under the user's `exact_below` (50,000) | exact          | 50,000 × 512 take 4 ms, and are never wrong |
| more             | IVF{4·√N},PQ{dim/4}x4fsr, re-scored   | dim/8 bytes per vector in memory, and fast |

IVF with 4-bit PQ of the residuals, searched by fast scan: four numbers of a vector share one 4-bit code, so the
dimension is padded with zeros to a multiple of four, which changes no inner product. Centroids have unit length,
for inner product: mean ones lose 3 to 4 points of recall. How many lists are probed and how many candidates re-scored
is measured when an index is built (see `tuning`), not looked up here.

Leaves to others: building, searching, and the threshold `exact_below` itself, which is a setting.
"""

import math
from dataclasses import dataclass

from db.vectors.records import IndexRecord

LEAST_ROWS = 64  # 4-bit codes need 16 points to train, and a few of them per list
_LISTS = 4.0  # nlist = this · √rows
_POINTS_PER_LIST = 39  # faiss's own minimum for k-means; under it centroids are noise
_EXACT_ALLOWED = 30_000  # a filter that lets this many through or fewer is scanned exactly: 3 to 5 ms at most
_EXACT_K = 1_000  # beyond it the candidates would be a good part of what an exact scan reads
_MOST_RAISED = 8  # times the lists: where a filter is that narrow, an exact scan is near
_LEAST_SAMPLE = 4096  # what faiss trains 4-bit codes on
_TAIL_SHARE = 0.2  # of the index: the tail is scanned exactly, at 0.1 µs per row of 512 numbers,
_TAIL_ROWS = 50_000  # and is never let grow past what a library without an index would scan


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the policy."""

    from_rows: int  # live rows
    most_lists: int
    sample_per_list: int  # training points
    iterations: int  # of k-means


_TABLE = (
    _Row(from_rows=LEAST_ROWS, most_lists=1_000, sample_per_list=256, iterations=20),
    _Row(from_rows=50_000, most_lists=4_000, sample_per_list=64, iterations=10),
    # The sample stays under half a million vectors: 1 GB in float32 at 512 numbers.
    _Row(from_rows=1_000_000, most_lists=8_192, sample_per_list=50, iterations=10),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build."""

    dim: int  # padded to a multiple of four
    lists: int
    sample: int  # training points
    iterations: int

    @property
    def structure(self) -> str:
        """What faiss's index_factory is given."""
        return f"IVF{self.lists},PQ{self.dim // 4}x4fsr"


def plan_index(live_rows: int, dim: int) -> Plan:
    """The structure for this many rows that may be found.

    Raises:
        ValueError: fewer than LEAST_ROWS.
    """
    fitting = [row for row in _TABLE if row.from_rows <= live_rows]
    if not fitting:
        raise ValueError(f"an index needs at least {LEAST_ROWS} rows, got {live_rows}")
    row = fitting[-1]
    lists = max(1, min(round(_LISTS * math.sqrt(live_rows)), live_rows // _POINTS_PER_LIST, row.most_lists))
    return Plan(
        dim=padded_dim(dim),
        lists=lists,
        sample=min(live_rows, max(lists * row.sample_per_list, _LEAST_SAMPLE)),
        iterations=row.iterations,
    )


def padded_dim(dim: int) -> int:
    """The next multiple of four."""
    return -(-dim // 4) * 4


def index_is_due(record: IndexRecord | None, *, live_rows: int, committed_rows: int, exact_below: int) -> bool:
    """Whether an index should be built (again) now.

    Args:
        record: the generation's present index, if any.
        live_rows: rows that may be found.
        committed_rows: live and dead rows.
        exact_below: under this many live rows exact search is good enough.
    """
    if live_rows < max(exact_below, LEAST_ROWS):
        return False
    if record is None or record.built_rows > committed_rows:
        return True
    return committed_rows - record.built_rows > min(record.built_rows * _TAIL_SHARE, _TAIL_ROWS)


@dataclass(frozen=True, slots=True)
class Probing:
    """How one query goes through an index."""

    nprobe: int  # lists
    candidates: int  # re-scored exactly


def probing(record: IndexRecord, *, k: int, allowed: int, rows: int) -> Probing | None:
    """How to search the index for `k` of `allowed` rows; None: an exact scan is the better way.

    What was measured when the index was built was k = 10 of all rows. The best rows a filter allows lie deeper in
    the ranking of all rows, in more lists, by the filter's share; more hits wanted lie deeper, too.

    Args:
        record: the index.
        k: hits wanted.
        allowed: rows that may be found, of the index and of the tail.
        rows: committed rows.
    """
    if k > _EXACT_K or (allowed < rows / 2 and allowed <= _EXACT_ALLOWED):
        return None
    deeper = min(_MOST_RAISED, rows / allowed) * max(1.0, (k / 10) ** 0.5)
    return Probing(nprobe=math.ceil(record.nprobe * deeper), candidates=max(record.candidates, 10 * k))
