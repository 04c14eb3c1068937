"""Queries of several kinds with their exact answers, made without the library's own search.

`picture` queries are new pictures of the same world; an `own picture` is a row of the library, which finds itself;
`text-like` ones are the world's texts about the new pictures. An answer is right where its exact score, in float64
from the float16 row, reaches that of the tenth of all rows, so that equal scores do not count as errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.clip_like import BRANCHING, World
from core.arrays import HalfRows, RowNumbers, Vectors
from db.vectors.sampling import sample_rows

HITS = 10
NEW, OWN, TEXT = "picture", "own picture", "text-like"
KINDS = (NEW, TEXT)  # what rivals are asked
_TIE = 1e-6
_SCAN_ROWS = 16_384  # rows in float32 at a time: 32 MB at 512 numbers
_KEPT = HITS + 6  # per query in float32, before the tenth is found in float64


@dataclass(frozen=True, eq=False)
class Questions:
    """Queries, and the exact score of the tenth best row for each.

    Attributes:
        vectors: float32 (n, dim), unit rows; as many of each kind, one kind after the other.
        tenth: float64 (n,).
        kinds: their names, in that order.
    """

    vectors: Vectors
    tenth: NDArray[np.float64]
    kinds: tuple[str, ...] = KINDS

    def __len__(self) -> int:
        return len(self.tenth)

    def recall(self, at: int, rows: HalfRows, found: RowNumbers) -> float:
        """Recall@10 of what was found for query `at`; a row that is repeated counts once."""
        numbers = np.unique(found[:HITS])
        scores = rows[numbers].astype(np.float64) @ self.vectors[at].astype(np.float64)
        return float(np.count_nonzero(scores >= self.tenth[at] - _TIE)) / HITS

    def kind(self, at: int) -> str:
        """Which kind of query `at` is."""
        return self.kinds[at // self.each]

    @property
    def each(self) -> int:
        """Queries of each kind."""
        return len(self) // len(self.kinds)

    def of(self, kind: str) -> Vectors:
        """Those of one kind."""
        start = self.kinds.index(kind) * self.each
        return self.vectors[start : start + self.each]

    def mixed(self) -> list[int]:
        """All of them, the kinds by turns."""
        return [kind * self.each + at for at in range(self.each) for kind in range(len(self.kinds))]


def make_questions(world: World, rows: HalfRows, count: int, kinds: tuple[str, ...] = KINDS) -> Questions:
    """`count` queries of each kind about `rows`, which are a sample of `world`; reads every row once."""
    rng = np.random.default_rng((world.seed, 2))
    # All ten concepts, drawn from another stream of chance than the library is.
    pictures = next(world.blocks(count, block=count, branches=BRANCHING)).astype(np.float32)
    made = {NEW: pictures, TEXT: world.texts(pictures, rng), OWN: sample_rows(rows, None, count, rng)}
    vectors = np.concatenate([made[kind] for kind in kinds])
    return Questions(vectors, _tenth_scores(rows, vectors), kinds)


def _tenth_scores(rows: HalfRows, vectors: Vectors) -> NDArray[np.float64]:
    """By a plain product in float32, block by block, and the best of them again in float64."""
    numbers = np.zeros((len(vectors), 0), np.int64)
    scores = np.zeros((len(vectors), 0), np.float32)
    for start, block in _blocks(rows):
        here = vectors @ block.T
        numbers = np.concatenate([numbers, np.broadcast_to(start + np.arange(len(block)), here.shape)], axis=1)
        scores = np.concatenate([scores, here], axis=1)
        if scores.shape[1] > _KEPT:
            best = np.argpartition(-scores, _KEPT - 1, axis=1)[:, :_KEPT]
            numbers, scores = np.take_along_axis(numbers, best, 1), np.take_along_axis(scores, best, 1)
    exact = np.stack(
        [
            rows[some].astype(np.float64) @ vector.astype(np.float64)
            for some, vector in zip(numbers, vectors, strict=True)
        ]
    )
    tenth: NDArray[np.float64] = -np.sort(-exact, axis=1)[:, HITS - 1]
    return tenth


def _blocks(rows: HalfRows) -> Iterator[tuple[int, Vectors]]:
    for start in range(0, len(rows), _SCAN_ROWS):
        yield start, rows[start : start + _SCAN_ROWS].astype(np.float32)
