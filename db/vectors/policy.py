"""Which structure for how many rows: one table, and the few rules around it. docs: this docstring and the table.

| live rows        | structure                             | why |
|------------------|---------------------------------------|-----|
| under LEAST_ROWS | exact                                 | nothing to train on |
| under the user's `exact_below` (50,000) | exact          | 50,000 × 512 take 4 ms, and are never wrong |
| more             | OPQ,IVF{4·√N},PQ{dim/4}x4fsr, re-scored | dim/8 bytes per vector in memory, and fast |
| over 560,000 | the same, rows assigned through an HNSW graph of the lists (`graph`) | two thirds of the time |
| more than GPUs hold, to be searched by them | OPQ,IVF{4·√N},PQ{≤ dim/8}x8, re-scored | the codes they take |

IVF with 4-bit PQ of the residuals after a rotation (`rotation`), searched by fast scan: four numbers of a vector share
one 4-bit code, so the rotation pads the dimension to a multiple of four. Centroids have unit length, for inner
product: mean ones lose 3 to 4 points of recall. How many lists are probed and how many candidates re-scored is measured
when an index is built (see `tuning`), not looked up here.

Leaves to others: building, searching, when to build again (`upkeep`), and the threshold `exact_below`, a setting.
"""

import math
from dataclasses import dataclass, replace

from db.vectors.allowed import LEAST_ROW_US, Allowed
from db.vectors.records import Approach, IndexRecord, Probing

LEAST_ROWS = 64  # 4-bit codes need 16 points to train, and a few of them per list
_LISTS = 4.0  # nlist = this · √rows
_POINTS_PER_LIST = 39  # faiss's own minimum for k-means; under it centroids are noise
EXACT_US = 1_200.0  # rows of a mask that are scanned in this time are: 5,000 strewn ones, or 25,000 of a folder
_EXACT_K = 1_000  # beyond it the candidates would be a good part of what an exact scan reads
_FAST_SCAN = "x4fsr"
_LEAST_SAMPLE = 4096  # what faiss trains 4-bit codes on
_GPU_CODES = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""Sub-quantizers of 8 bits, one byte each, that faiss's classic GPU IVF-PQ takes (IVFPQ::isSupportedPQCodeLength).

With float16 tables all of them fit the 48 KiB of shared memory that every GPU has: 96 · 256 · 2 bytes.
"""


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
    _Row(from_rows=1_000_000, most_lists=8_192, sample_per_list=32, iterations=8),
    # The sample stays under a million vectors: 2 GB in float32 at 512 numbers.
    _Row(from_rows=4_500_000, most_lists=40_960, sample_per_list=24, iterations=6),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build."""

    wide: int  # the dimension, padded to a multiple of the codes
    codes: int  # for each vector
    code: str  # what is left of faiss's name for them: "x4fsr", "x8np" (without polysemous training)
    lists: int
    sample: int  # training points
    iterations: int

    @property
    def structure(self) -> str:
        """As faiss's index_factory would say it; the rotation is ours."""
        return f"OPQ{self.codes}_{self.wide},{self.quantizers}"

    @property
    def roomy(self) -> bool:
        """Whether the codes have room for all residuals, long or short: those of 8 bits, for GPUs."""
        return self.code != _FAST_SCAN

    @property
    def quantizers(self) -> str:
        """What faiss's index_factory is given: what follows the rotation."""
        return f"IVF{self.lists},PQ{self.codes}{self.code}"


def plan_index(live_rows: int, dim: int, *, gpu_codes: bool = False) -> Plan:
    """The structure for this many rows that may be found; `gpu_codes`: one that GPUs search.

    Raises:
        ValueError: fewer than LEAST_ROWS.
    """
    fitting = [row for row in _TABLE if row.from_rows <= live_rows]
    if not fitting:
        raise ValueError(f"an index needs at least {LEAST_ROWS} rows, got {live_rows}")
    row = fitting[-1]
    lists = max(1, min(round(_LISTS * math.sqrt(live_rows)), live_rows // _POINTS_PER_LIST, row.most_lists))
    codes = max(count for count in _GPU_CODES if count <= max(1, dim // 8)) if gpu_codes else -(-dim // 4)
    return Plan(
        wide=-(-dim // codes) * codes,
        codes=codes,
        code="x8np" if gpu_codes else _FAST_SCAN,
        lists=lists,
        sample=min(live_rows, max(lists * row.sample_per_list, _LEAST_SAMPLE)),
        iterations=row.iterations,
    )


def approach(record: IndexRecord, *, k: int, allowed: Allowed | None, dim: int) -> Approach | None:
    """How to search the index for `k` rows; None: an exact scan of those allowed is the better way.

    What was measured when the index was built was k = 10 of all rows. More hits wanted lie deeper, in more lists. How
    much deeper the rows that a mask allows lie is told by `allowed`, list by list.

    Args:
        record: the index.
        k: hits for which the recall is promised.
        allowed: the rows that may be found; None: all.
        dim: numbers of a row.
    """
    deeper = max(1.0, (k / 10) ** 0.5)
    if k > _EXACT_K or (allowed is not None and _scanned_within(EXACT_US * deeper, allowed, dim)):
        return None
    found = record.approach
    return replace(found, picture=_deepened(found.picture, deeper, k), text=_deepened(found.text, deeper, k))


def _scanned_within(most_us: float, allowed: Allowed, dim: int) -> bool:
    """Is an exact scan of these rows done in this time? Rows that are far too many are not even laid out."""
    scale, few = dim / 512, allowed.count < len(allowed.mask) / 2  # else it is but the dead rows that are left out
    return few and allowed.count * LEAST_ROW_US * scale <= most_us and allowed.rows.scan_us * scale <= most_us


def _deepened(probing: Probing, times: float, k: int) -> Probing:
    return Probing(math.ceil(probing.nprobe * times), max(probing.candidates, 10 * k))
