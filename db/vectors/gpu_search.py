"""Many queries at once on GPUs: the rows themselves where they fit, an index of 8-bit codes where they do not.

What the GPUs find are candidates, as everywhere; scoring them exactly is left to others, and so are filters: the
classic GPU indexes take a selector of rows without a word and do not look at it (faiss 1.15), so none is ever given.

| held by the GPUs | bytes of GPU memory per row, at 512 numbers | wrong       |
|------------------|---------------------------------------------|-------------|
| float16 rows     | 2 · dim + 4: 1,028                          | never       |
| IVF,PQ{m}x8      | 2 · (m + 8): 144                            | as measured |

The first that fits is taken. Rows are shared out evenly, so what counts is the GPU with the least free memory; 2 GiB of
it stay for faiss (1.5 GiB of temporary memory, and CUDA's own), and a tenth of the rest.
"""

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from core.arrays import HalfRows, RowNumbers, Vectors
from db.vectors.engine import load_faiss
from db.vectors.gpu import MOST_K, Cuda

_SPARED_BYTES = 2 << 30  # per GPU
_HEADROOM = 0.1
_PIECE_ROWS = 1 << 18  # per GPU: 512 queries' scores for them, twice, are 1 GiB, and fit faiss's temporary memory
_PIECE_BYTES = 1 << 30  # of rows in float32, on the CPU, while they are handed over
_BATCH = 4096  # queries at a time: with 2,048 candidates each, their answers take 100 MB
_LIST_GROWTH = 2  # an inverted list on a GPU holds up to twice what is in it


class OnGpus(Protocol):
    """Rows [0, rows) on GPUs, ready to be searched from one thread at a time or from several."""

    rows: int
    wanted: int  # candidates that an index was measured to need, as far as GPUs find that many; 0: it is exact

    def candidates(self, queries: Vectors, count: int) -> RowNumbers:
        """Rows that are probably near, best first: int64 (m, count), -1 where there are no more.

        Args:
            queries: float32 (m, dim), unit rows.
            count: candidates per query, at most gpu.MOST_K.
        """


def rows_fit(cuda: Cuda, rows: int, dim: int) -> bool:
    """Whether the GPUs hold that many float16 rows."""
    return _fits(cuda, rows, 2 * dim + 4)  # 4: the norm that faiss keeps of each


def codes_fit(cuda: Cuda, rows: int, code_bytes: int) -> bool:
    """Whether the GPUs hold that many codes, with 8 bytes of row number each."""
    return _fits(cuda, rows, _LIST_GROWTH * (code_bytes + 8))


class GpuRows:
    """Exact search: every float16 row, in pieces of which each GPU holds an equal share.

    Pieces, because faiss's flat GPU index moves to new memory whenever it grows: one call per piece keeps it from ever
    holding its rows twice. Queries are rounded to float16, too: scores are about 1e-5 off, so ask for a few more than
    are wanted.

    Args:
        cuda: the GPUs.
        rows: float16 (n, dim), unit rows; not needed afterwards.
    """

    def __init__(self, cuda: Cuda, rows: HalfRows) -> None:
        faiss = load_faiss()
        self.rows, dim = rows.shape
        self.wanted = 0
        self._lock = threading.Lock()  # no GPU index may be searched by two threads at once
        self._pieces: list[tuple[int, Any]] = []
        for start, end in _pieces(self.rows, dim, cuda.gpus):
            block = rows[start:end].astype(np.float32)
            block[~np.isfinite(block).all(axis=1)] = 0
            piece = cuda.spread(faiss.IndexFlatIP(dim), shard=True, float16=True)
            piece.add(block)
            self._pieces.append((start, piece))

    def candidates(self, queries: Vectors, count: int) -> RowNumbers:
        """See OnGpus."""
        with self._lock:
            return _in_batches(queries, min(count, self.rows), self._search)

    def _search(self, queries: Vectors, count: int) -> RowNumbers:
        best = load_faiss().ResultHeap(len(queries), count, keep_max=True)
        for start, piece in self._pieces:
            scores, rows = piece.search(queries, count)
            best.add_result(scores, np.where(rows < 0, -1, rows + start))
        best.finalize()
        found: RowNumbers = best.I
        return found


class GpuIvfPq:
    """An IVF-PQ index of 8-bit codes, its lists shared out over the GPUs.

    Args:
        cuda: the GPUs.
        index: the CPU's form: IVF,PQ{m}x8, with or without a rotation before it.
        nprobe: lists probed, cut to what GPUs probe.
        wanted: candidates that it was measured to need.
    """

    def __init__(self, cuda: Cuda, index: Any, *, nprobe: int, wanted: int) -> None:  # noqa: ANN401 - faiss ships no types
        faiss = load_faiss()
        self.rows: int = index.ntotal
        self.wanted = min(wanted, MOST_K)
        self._dim: int = index.d
        self._lock = threading.Lock()
        self._index = cuda.spread(index, shard=True, float16=True)
        lists = faiss.extract_index_ivf(index).nlist
        self._how = faiss.SearchParametersIVF(nprobe=min(nprobe, lists, MOST_K))

    def candidates(self, queries: Vectors, count: int) -> RowNumbers:
        """See OnGpus."""
        wide = np.zeros((len(queries), self._dim), np.float32)
        wide[:, : queries.shape[1]] = queries
        with self._lock:
            return _in_batches(wide, min(count, self.rows), self._search)

    def _search(self, queries: Vectors, count: int) -> RowNumbers:
        _, rows = self._index.search(queries, count, params=self._how)
        found: RowNumbers = rows
        return found


def _pieces(rows: int, dim: int, gpus: int) -> list[tuple[int, int]]:
    """Ranges of rows, of about equal size."""
    most = max(1, min(_PIECE_ROWS * gpus, _PIECE_BYTES // (4 * dim)))
    count = -(-rows // most)
    return [(rows * at // count, rows * (at + 1) // count) for at in range(count)]


def _fits(cuda: Cuda, rows: int, row_bytes: int) -> bool:
    share = -(-rows // cuda.gpus)
    return share * row_bytes <= (cuda.free() - _SPARED_BYTES) * (1 - _HEADROOM)


def _in_batches(queries: Vectors, count: int, search: Callable[[Vectors, int], RowNumbers]) -> RowNumbers:
    if count > MOST_K:
        raise ValueError(f"GPUs find at most {MOST_K:,} candidates per query, {count:,} were asked for")
    queries = np.ascontiguousarray(queries, np.float32)
    found = [search(queries[start : start + _BATCH], count) for start in range(0, len(queries), _BATCH)]
    return np.concatenate([np.empty((0, count), np.int64), *found])
