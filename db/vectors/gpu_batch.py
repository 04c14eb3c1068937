"""Many queries at once through the GPUs: what they are given to hold, how deep they look, and what is left to the CPU.

A single query never comes here: the CPU answers it from its index in about a millisecond, before a GPU would have
been handed a single row. Leaves to others: scoring the candidates exactly, and the rows behind those held (the tail).
"""

import math
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from core.errors import DeviceError
from db.vectors.engine import load_faiss
from db.vectors.gpu import MOST_K, Cuda, device_label
from db.vectors.gpu_search import GpuIvfPq, GpuRows, OnGpus, codes_fit, rows_fit
from db.vectors.records import IndexRecord

_SPARE = 64  # candidates beyond twice the hits: what float16 queries may put in another order
_DEEPER = 1.25  # under a mask: allowed rows are not spread that evenly among the nearest
_LEAST_SHARE = 0.5  # of rows that a mask lets through; under it the CPU's ways with filters are better
PLAIN_ORDER = 4  # GPUs probe the lists of the nearest centroids, and need more of them than in the CPU's order
_GIB = 1 << 30


def hold_on_gpus(
    cuda: Cuda,
    rows: HalfRows,
    index: Any,  # noqa: ANN401 - faiss ships no types
    record: IndexRecord | None,
) -> OnGpus:
    """The rows on the GPUs where they fit, else the index's codes where those are the GPUs' kind.

    Args:
        cuda: the GPUs.
        rows: float16 (n, dim), unit rows: all that were committed.
        index: faiss's, over rows [0, index.ntotal) of them; None where there is none.
        record: how the CPU searches it.

    Raises:
        DeviceError: neither fits; the message says what would.
    """
    count, dim = rows.shape
    if rows_fit(cuda, count, dim):
        return GpuRows(cuda, rows)
    codes = _gpu_code_bytes(index)
    if record is not None and codes and codes_fit(cuda, index.ntotal, codes):
        return GpuIvfPq(cuda, index, nprobe=PLAIN_ORDER * record.nprobe, wanted=record.candidates)
    helps = "" if codes else ", or build an index that fits: search optimize --device cuda"
    raise DeviceError(
        f"{count:,} rows of {dim} numbers ({2 * dim * count / _GIB:.1f} GiB) do not fit {device_label(cuda)} "
        f"({cuda.gpus * cuda.free() / _GIB:.1f} GiB free): search on the CPU{helps}"
    )


def find_numbers(held: OnGpus, queries: Vectors, k: int, *, mask: RowMask | None) -> list[RowNumbers | None]:
    """Rows to score exactly for each query, ascending; None: this query is for the CPU.

    The GPUs know of no mask, so more is asked for and the others are dropped. Where too few are left, the CPU answers.

    Args:
        held: the rows the GPUs hold.
        queries: float32 (m, dim), unit rows.
        k: hits wanted.
        mask: bool (held.rows,); None lets every row be found.
    """
    allowed = held.rows if mask is None else int(np.count_nonzero(mask))
    least = min(2 * k + _SPARE, allowed)
    deeper = 1.0 if mask is None else _DEEPER * held.rows / max(allowed, 1)
    if least * deeper > MOST_K or allowed < held.rows * _LEAST_SHARE:
        return [None] * len(queries)
    depth = min(math.ceil(max(least, min(held.wanted, allowed)) * deeper), MOST_K, held.rows)
    found: list[RowNumbers | None] = []
    for numbers in held.candidates(queries, depth):
        kept = np.sort(numbers[numbers >= 0])
        enough = k  # the lists that were probed may hold fewer than wanted
        if mask is not None:
            kept, enough = kept[mask[kept]], least
        found.append(kept if len(kept) >= enough else None)
    return found


def _gpu_code_bytes(index: Any) -> int:  # noqa: ANN401
    """Bytes per vector of an index that GPUs can take; 0 for any other."""
    faiss = load_faiss()
    ivf = None if index is None else faiss.downcast_index(faiss.try_extract_index_ivf(index))
    return int(ivf.pq.M) if isinstance(ivf, faiss.IndexIVFPQ) and ivf.pq.nbits == 8 else 0
