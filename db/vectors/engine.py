"""faiss: loaded once, in one way, and the three things every search here needs of it.

The only module that imports faiss. Leaves to others what is searched and how. Everything works with faiss-cpu 1.13
and later as with faiss-gpu 1.15 (1.12 answers inner-product fast scans with repeated, wrong rows).
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors


@cache
def load_faiss() -> Any:  # noqa: ANN401 - faiss ships no types
    """The faiss module.

    Its OpenMP reads OMP_WAIT_POLICY once, while it loads. Its default lets idle threads spin, which on a machine
    with other work made an index build take six times as long as its CPU time; so it loads with PASSIVE, unless
    the user says otherwise, and the variable is put back for everybody else's OpenMP.
    """
    said = os.environ.get("OMP_WAIT_POLICY")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import faiss
    finally:
        if said is None:
            os.environ.pop("OMP_WAIT_POLICY", None)
    return faiss


def load_meanwhile() -> None:
    """Begin to load faiss, in a thread of its own: a tenth of a second in which the caller loads a model."""
    if "faiss" not in sys.modules:
        threading.Thread(target=_try_to_load, name="faiss").start()


def _try_to_load() -> None:
    with suppress(ImportError, RuntimeError):  # whoever needs it will be told
        load_faiss()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keeps faiss on the calling thread: for a single query, waking a team of threads costs more than it saves."""
    faiss = load_faiss()
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # of this thread only, as OpenMP has it
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def selector(mask: RowMask) -> Any:  # noqa: ANN401 - faiss ships no types
    """The rows that may be found, as faiss wants them: one bit per row, lowest bit first."""
    return load_faiss().IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def inner_products(rows: Vectors, query: Vectors) -> NDArray[np.float32]:
    """Of float32 (dim,) with each row of float32 (n, dim), on the calling thread: BLAS would wake others for it."""
    faiss = load_faiss()
    products = np.empty(len(rows), np.float32)
    faiss.fvec_inner_products_ny(
        faiss.swig_ptr(products), faiss.swig_ptr(query), faiss.swig_ptr(rows), rows.shape[1], len(rows)
    )
    return products


class HalfScanner:
    """faiss's own float16 scanner over rows that stay where they are: no copy, no conversion by numpy.

    An IndexScalarQuantizer whose codes are a view of `rows`. Searching many queries uses all of faiss's threads.

    Args:
        rows: float16 (n, dim), C-contiguous; kept alive by the scanner. n = 0 is allowed.
    """

    def __init__(self, rows: HalfRows) -> None:
        if rows.dtype != np.float16 or rows.ndim != 2 or not rows.flags.c_contiguous:
            raise ValueError(f"expected contiguous float16 (n, dim), got {rows.dtype} {rows.shape}")
        faiss = load_faiss()
        self._rows = rows  # the view below does not own the memory
        self._index = faiss.IndexScalarQuantizer(
            rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        if len(rows):
            codes = rows.reshape(-1).view(np.uint8)
            nobody = faiss.MaybeOwnedVectorUInt8()  # lends its empty owner; must outlive the call
            view = faiss.MaybeOwnedVectorUInt8.create_view(faiss.swig_ptr(codes), codes.size, nobody.owner)
            self._index.codes = view
            self._index.ntotal = len(rows)

    def search(self, queries: Vectors, k: int, mask: RowMask | None = None) -> tuple[Vectors, RowNumbers]:
        """The k rows of largest inner product: scores float32 (m, k) best first, rows int64 (m, k), -1 where none.

        Args:
            queries: float32 (m, dim).
            k: at least 1.
            mask: bool (n,); None lets every row be found.
        """
        faiss = load_faiss()
        params = None if mask is None else faiss.SearchParameters(sel=selector(mask))
        scores, rows = self._index.search(queries, k, params=params)
        return scores, rows
