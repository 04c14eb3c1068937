"""Building an index with GPUs: k-means and the coarse assignment are theirs, the file is the CPU's.

Two kinds of index come out, and a machine without a GPU opens both:

| structure       | for               | on the GPUs                | on the CPU                          |
|-----------------|-------------------|----------------------------|-------------------------------------|
| IVF,PQ{m}x4fsr  | searching on CPUs | k-means, coarse assignment | 4-bit codes: no GPU form of them    |
| IVF,PQ{m}x8     | searching on GPUs | k-means, adding            | training the codes (65,536 vectors) |

The first is the same, byte for byte, as one added to by the CPU whenever both assign each row to the same list.
Leaves to others: samples, rotation, the number of lists, measuring.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from core.arrays import RowMask, RowNumbers, Vectors
from db.vectors.engine import load_faiss
from db.vectors.gpu import Cuda

_CODE_BYTES = (1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96)
"""What faiss's classic GPU IVF-PQ takes (IVFPQ::isSupportedPQCodeLength): bytes per vector, one per sub-quantizer.

With float16 tables all of them fit the 48 KiB of shared memory that every GPU has: 96 · 256 · 2 bytes.
"""
_NUMBERS_PER_BYTE = 8  # as the CPU's index has: 64 bytes per vector at 512 numbers


def gpu_code_bytes(dim: int) -> int:
    """Sub-quantizers of 8 bits for this dimension: the most that GPUs take, at most one per eight numbers."""
    fitting = [count for count in _CODE_BYTES if dim % count == 0 and count <= max(1, dim // _NUMBERS_PER_BYTE)]
    return fitting[-1]


def gpu_structure(lists: int, dim: int) -> str:
    """For faiss's index_factory; `np`: no polysemous training, which no GPU makes use of."""
    return f"IVF{lists},PQ{gpu_code_bytes(dim)}x8np"


@contextmanager
def clustering_on(cuda: Cuda | None, ivf: Any) -> Iterator[None]:  # noqa: ANN401 - faiss ships no types
    """While this lasts, `ivf.train` assigns points to centroids on the GPUs, in float32; None leaves it to the CPU."""
    if cuda is None:
        yield
        return
    lent = cuda.spread(load_faiss().IndexFlatIP(ivf.d))  # held here: faiss only keeps the address
    ivf.clustering_index = lent
    try:
        yield
    finally:
        ivf.clustering_index = None


class Assigner:
    """The nearest centroid of each row, by the GPUs.

    Args:
        cuda: the GPUs.
        ivf: a trained IVF index of the CPU, with a flat quantizer.
    """

    def __init__(self, cuda: Cuda, ivf: Any) -> None:  # noqa: ANN401
        centroids = load_faiss().IndexFlatIP(ivf.d)
        centroids.add(ivf.quantizer.reconstruct_n(0, ivf.nlist))
        self._centroids = cuda.spread(centroids)

    def __call__(self, rows: Vectors) -> RowNumbers:
        """int64 (n,) list numbers of float32 (n, dim); -1 for rows that are not numbers, which only damage makes."""
        sound = _sound(rows)
        _, lists = self._centroids.search(_zeroed(rows, sound), 1)
        return np.where(sound, lists[:, 0], -1)


class FastScanAdder:
    """Adds rows whose lists are known to a trained, empty IVF,PQ{m}x4fsr.

    faiss's fast-scan index takes no assignment from outside (its `add_core` is the base class's, and packs wrongly), so
    the codes go through its plain 4-bit twin, which is turned into the fast-scan form at the end: for that moment
    both are in memory, 72 bytes per row each at 512 numbers.
    """

    def __init__(self, ivf: Any, assign: Callable[[Vectors], RowNumbers]) -> None:  # noqa: ANN401
        faiss = load_faiss()
        if ivf.ntotal:
            raise ValueError(f"expected an empty index, got one of {ivf.ntotal:,} rows")
        self._plain = faiss.IndexIVFPQ(ivf.quantizer, ivf.d, ivf.nlist, ivf.pq.M, ivf.pq.nbits, ivf.metric_type)
        self._plain.pq = ivf.pq
        self._plain.by_residual = ivf.by_residual
        self._plain.is_trained = True
        self._trained = ivf  # owns the quantizer
        self._assign = assign

    def add(self, rows: Vectors) -> None:
        """float32 (n, dim), C-contiguous; their numbers follow those of the rows before."""
        faiss = load_faiss()
        lists = np.ascontiguousarray(self._assign(rows), np.int64)
        self._plain.add_core(len(rows), faiss.swig_ptr(rows), None, faiss.swig_ptr(lists))

    def finish(self) -> Any:  # noqa: ANN401
        """The fast-scan index with all rows in it; the adder is spent."""
        packed = load_faiss().IndexIVFPQFastScan(self._plain, self._trained.bbs)
        self._trained.replace_invlists(packed.invlists, True)
        packed.own_invlists = False
        self._trained.ntotal = packed.ntotal
        return self._trained


class ShardAdder:
    """Adds rows to a trained, empty IVF,PQ{m}x8 on the GPUs, a share to each."""

    def __init__(self, cuda: Cuda, ivf: Any) -> None:  # noqa: ANN401
        self._cuda = cuda
        self._shards = cuda.spread(ivf, shard=True, float16=True)

    def add(self, rows: Vectors) -> None:
        """float32 (n, dim); their numbers follow those of the rows before. Rows that are not numbers count as zeros."""
        self._shards.add(_zeroed(rows, _sound(rows)))

    def finish(self) -> Any:  # noqa: ANN401
        """The CPU's index with all rows in it."""
        return self._cuda.gather(self._shards)


def _sound(rows: Vectors) -> RowMask:
    return np.asarray(np.isfinite(rows).all(axis=1))


def _zeroed(rows: Vectors, sound: RowMask) -> Vectors:
    if sound.all():
        return rows
    kept = rows.copy()
    kept[~sound] = 0
    return kept
