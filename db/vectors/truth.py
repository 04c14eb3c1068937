"""What exact search finds for many queries at once: what an index is measured against.

Rows are read once, a block at a time, and multiplied by BLAS: for 800 queries a tenth of what scanning them one by one
takes. Recall@10 counts a hit where an exact score is as high as the tenth of an exact search, so that among copies of
one picture it does not matter which of them was found. Leaves to others: choosing the queries.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.engine import load_faiss
from db.vectors.sampling import sound

HITS = 10  # recall@10
TIE = 1e-6  # scores in float32 that differ by less are the same
_NEAR_TIES = 100  # exact results kept per query, to know copies of the tenth when they are found
_BLOCK_ROWS = 16_384  # in float32 at a time: 32 MB at 512 numbers


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Queries, and what an exact search finds for them.

    Attributes:
        queries: float32 (m, dim), unit rows.
        near: int64 (m, ≤ 100): rows as good as the tenth, -1 else.
        tenth: float32 (m,): the score to reach.
        hits: 10, or all rows where fewer are alive.
    """

    queries: Vectors
    near: RowNumbers
    tenth: NDArray[np.float32]
    hits: int

    def __len__(self) -> int:
        return len(self.queries)

    def part(self, of: slice) -> "Truth":
        """Some of the queries."""
        return Truth(self.queries[of], self.near[of], self.tenth[of], self.hits)

    def reached(self, query: int, found: RowNumbers) -> NDArray[np.float64]:
        """For one query: the recall, had only the first of `found` been re-scored, the first two, and so on."""
        near = self.near[query]
        right = np.isin(found, near[near >= 0])
        reached: NDArray[np.float64] = np.minimum(right.cumsum(), self.hits) / self.hits
        return reached


def find_truth(rows: HalfRows, live: RowMask | None, queries: Vectors) -> Truth:
    """What an exact search among the rows that may be found finds.

    Args:
        rows: float16 (n, dim).
        live: bool (n,); None is all.
        queries: float32 (m, dim).
    """
    alive = len(rows) if live is None else int(np.count_nonzero(live))
    kept = min(_NEAR_TIES, alive)
    results = load_faiss().ResultHeap(len(queries), kept, keep_max=True)
    for start in range(0, len(rows), _BLOCK_ROWS):
        numbers, block = _block(rows, live, start)
        if len(numbers):
            scores, at = load_faiss().knn(queries, block, min(kept, len(block)), load_faiss().METRIC_INNER_PRODUCT)
            results.add_result(scores, numbers[at])
    results.finalize()
    hits = min(HITS, alive)
    tenth = results.D[:, hits - 1]
    return Truth(queries, np.where(tenth[:, np.newaxis] - TIE <= results.D, results.I, -1), tenth, hits)


def _block(rows: HalfRows, live: RowMask | None, start: int) -> tuple[RowNumbers, Vectors]:
    """The rows of one block that may be found and are numbers, each read once: their numbers, and float32 (n, dim)."""
    block = rows[start : start + _BLOCK_ROWS].astype(np.float32)
    wanted = sound(block)
    if live is not None:
        wanted &= live[start : start + _BLOCK_ROWS]
    return start + np.flatnonzero(wanted), block if wanted.all() else block[wanted]
