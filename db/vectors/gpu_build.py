"""Building an index with GPUs: k-means and the coarse assignment are theirs, the file is the CPU's.

Two kinds of index come out, and a machine without a GPU opens both:

| structure       | for               | on the GPUs                | on the CPU                          |
|-----------------|-------------------|----------------------------|-------------------------------------|
| IVF,PQ{m}x4fsr  | searching on CPUs | k-means, coarse assignment | 4-bit codes: no GPU form of them    |
| IVF,PQ{m}x8     | searching on GPUs | k-means, adding            | training the codes (65,536 vectors) |

The first is the same, byte for byte, as one added to by the CPU whenever both assign each row to the same list.
Leaves to others: samples, rotation, the number of lists, measuring.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from core.arrays import RowMask, RowNumbers, Vectors
from db.vectors.engine import load_faiss
from db.vectors.gpu import Cuda
from db.vectors.sampling import sound


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
        whole = sound(rows)
        _, lists = self._centroids.search(_zeroed(rows, whole), 1)
        return np.where(whole, lists[:, 0], -1)


def add_rows(cuda: Cuda, index: Any, blocks: Iterable[Vectors]) -> None:  # noqa: ANN401
    """Fills a trained, empty index with the help of GPUs.

    Args:
        cuda: the GPUs.
        index: IndexPreTransform of one transform and IVF,PQ{m}x4fsr or IVF,PQ{m}x8.
        blocks: all rows, float32 (n, dim) each; rows that are not numbers, which only damage makes, keep their place.
    """
    faiss = load_faiss()
    turn = faiss.downcast_VectorTransform(index.chain.at(0))
    ivf = faiss.downcast_index(index.index)
    adder = make_adder(cuda, ivf)
    for block in blocks:
        adder.add(turn.apply(block))
    adder.finish()
    index.ntotal = ivf.ntotal


class Adder(Protocol):
    """Fills a trained, empty IVF index of the CPU with the help of GPUs."""

    def add(self, rows: Vectors) -> None:
        """float32 (n, dim), C-contiguous, as the lists see them; their numbers follow those of the rows before."""

    def finish(self) -> None:
        """Now the rows are in the index; the adder is spent."""


def make_adder(cuda: Cuda, ivf: Any) -> Adder:  # noqa: ANN401
    """What fits the index: IVF,PQ{m}x4fsr, or IVF,PQ{m}x8."""
    if ivf.ntotal:
        raise ValueError(f"expected an empty index, got one of {ivf.ntotal:,} rows")
    fast_scan = isinstance(ivf, load_faiss().IndexIVFPQFastScan)
    return _FastScanAdder(ivf, Assigner(cuda, ivf)) if fast_scan else _ShardAdder(cuda, ivf)


class _FastScanAdder:
    """faiss's fast-scan index takes no assignment from outside (its `add_core` is the base class's, and packs wrongly).

    So the codes go through its plain 4-bit twin, which is turned into the fast-scan form at the end: for that moment
    both are in memory, 72 bytes per row each at 512 numbers.
    """

    def __init__(self, ivf: Any, assign: Assigner) -> None:  # noqa: ANN401
        self._ivf = ivf
        self._plain = load_faiss().IndexIVFPQ(ivf.quantizer, ivf.d, ivf.nlist, ivf.pq.M, ivf.pq.nbits, ivf.metric_type)
        self._plain.pq = ivf.pq
        self._plain.by_residual = ivf.by_residual
        self._plain.is_trained = True
        self._assign = assign

    def add(self, rows: Vectors) -> None:
        faiss = load_faiss()
        lists = np.ascontiguousarray(self._assign(rows), np.int64)
        self._plain.add_core(len(rows), faiss.swig_ptr(rows), None, faiss.swig_ptr(lists))

    def finish(self) -> None:
        _move_lists(load_faiss().IndexIVFPQFastScan(self._plain, self._ivf.bbs), self._ivf)


class _ShardAdder:
    """Each GPU encodes its share of the rows, and keeps it until the end. Rows that are not numbers count as zeros."""

    def __init__(self, cuda: Cuda, ivf: Any) -> None:  # noqa: ANN401
        self._cuda = cuda
        self._ivf = ivf
        self._shards = cuda.spread(ivf, shard=True, float16=True)

    def add(self, rows: Vectors) -> None:
        self._shards.add(_zeroed(rows, sound(rows)))

    def finish(self) -> None:
        _move_lists(self._cuda.gather(self._shards), self._ivf)


def _move_lists(filled: Any, into: Any) -> None:  # noqa: ANN401
    """The inverted lists, and who owns them; `filled` is of no more use."""
    into.replace_invlists(filled.invlists, True)
    filled.own_invlists = False
    into.ntotal = filled.ntotal


def _zeroed(rows: Vectors, whole: RowMask) -> Vectors:
    if whole.all():
        return rows
    kept = rows.copy()
    kept[~whole] = 0
    return kept
