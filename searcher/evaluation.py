"""How good retrieval is, from vectors and scores alone: ranks, recall@k, and the ranks after reranking.

Pure functions on arrays; knows neither models, pictures nor libraries. Nothing of size queries × candidates is ever
held: scores are made a block at a time, and only ranks and the first few candidates are kept.

A tie counts against the model: whatever wrong candidate scores as high as the right one (to TIE, since the last bits of
a product depend on a row's place in its block) stands before it. One that answers everything alike gets nothing for it.
Of several right candidates the best placed counts, and the other right ones do not stand in its way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers, Vectors

TIE = 1e-6
RECALL_AT = (1, 5, 10)  # what the papers' tables show
_BLOCK = 1 << 22  # scores at a time: 16 MB, and 32 MB to put them in order

Scores = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One direction of retrieval: every query looks for the candidates that show what it shows.

    Attributes:
        queries: float32 (q, dim), unit rows, finite.
        candidates: float32 (c, dim), as many dims.
        query_of: int (q,): the picture that a query is, or is a caption of.
        candidate_of: int (c,): the same for candidates; each query has a right one.
    """

    queries: Vectors
    candidates: Vectors
    query_of: RowNumbers
    candidate_of: RowNumbers

    @classmethod
    def text_to_image(cls, pictures: Vectors, captions: Vectors, owner: RowNumbers) -> "Task":
        """Each caption looks for its picture, whose row is in `owner`, int (captions,)."""
        return cls(captions, pictures, owner, np.arange(len(pictures), dtype=np.int64))

    @classmethod
    def image_to_text(cls, pictures: Vectors, captions: Vectors, owner: RowNumbers) -> "Task":
        """Each picture looks for any of its captions."""
        return cls(pictures, captions, np.arange(len(pictures), dtype=np.int64), owner)


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """What the cosines alone find.

    Attributes:
        ranks: int64 (q,): place of the best right candidate, from 1.
        nearest_right: int64 (q,): that candidate.
        nearest_wrong: int64 (q,): the best wrong one; -1 where there is none.
        candidates: int64 (q, depth): the first ones, best first.
        scores: float32 (q, depth): their cosines.
        right: bool (q, depth): which of them are right.
    """

    ranks: RowNumbers
    nearest_right: RowNumbers
    nearest_wrong: RowNumbers
    candidates: NDArray[np.int64]
    scores: Scores
    right: Flags

    def top(self, depth: int) -> "FirstStage":
        """The same with at most so many candidates kept."""
        return replace(
            self,
            candidates=self.candidates[:, :depth],
            scores=self.scores[:, :depth],
            right=self.right[:, :depth],
        )


def first_stage(task: Task, *, depth: int = 0, on_block: Callable[[int], None] | None = None) -> FirstStage:
    """Rank every query's candidates by cosine.

    Args:
        task: what looks for what.
        depth: how many of each query's first candidates to keep, for a reranker.
        on_block: told how many queries are done, often; may raise to stop.
    """
    depth = min(depth, len(task.candidates))
    parts = []
    for block in _blocks(task):
        parts.append(_rank_block(task, block, depth))
        if on_block is not None:
            on_block(block.stop)
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return FirstStage(*joined)


def _blocks(task: Task) -> Iterator[slice]:
    rows = max(1, _BLOCK // max(1, len(task.candidates)))
    for start in range(0, len(task.queries), rows):
        yield slice(start, min(start + rows, len(task.queries)))


def _rank_block(task: Task, block: slice, depth: int) -> tuple[NDArray[np.generic], ...]:
    """The columns of FirstStage for these queries."""
    scores = task.queries[block] @ task.candidates.T
    right = task.query_of[block, np.newaxis] == task.candidate_of[np.newaxis]
    nearest_right = np.where(right, scores, -np.inf).argmax(axis=1)
    best = np.take_along_axis(scores, nearest_right[:, np.newaxis], axis=1)
    # "Not lower" and not "as high or higher": what is no number stands before the right one, too.
    ranks = 1 + np.count_nonzero(~right & ~(scores < best - TIE), axis=1)
    wrong_scores = np.where(right, -np.inf, scores)
    nearest_wrong = np.where(right.all(axis=1), -1, wrong_scores.argmax(axis=1))
    ordered = np.where(right, scores - TIE, scores)  # ties count against the right ones here, too
    first = _largest(ordered, depth)
    return (
        ranks.astype(np.int64),
        nearest_right.astype(np.int64),
        nearest_wrong.astype(np.int64),
        first,
        np.take_along_axis(scores, first, axis=1).astype(np.float32),
        np.take_along_axis(right, first, axis=1),
    )


def _largest(scores: NDArray[np.floating], depth: int) -> NDArray[np.int64]:
    """Columns of the largest values of each row, the largest first: int64 (n, depth)."""
    if depth == 0:
        return np.empty((len(scores), 0), np.int64)
    found = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    order = np.argsort(-np.take_along_axis(scores, found, axis=1), axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1).astype(np.int64)


def reranked(first: FirstStage, fused: Scores) -> RowNumbers:
    """Ranks after the first candidates were put in another order: int64 (q,).

    As in BLIP's own evaluation (train_retrieval.py), what the reranker did not look at stays below what it did, in the
    order it was in; what lies deeper than the candidates keeps its place.

    Args:
        first: what was reranked.
        fused: float32 (q, depth): the new scores of `first.candidates`; nan where the reranker did not look.
    """
    seen = ~np.isnan(fused)
    right = first.right
    best = np.where(right & seen, fused, -np.inf).max(axis=1, initial=-np.inf)[:, np.newaxis]
    ahead = np.count_nonzero(seen & ~right & (fused > best - TIE), axis=1)
    before = np.logical_and.accumulate(~right, axis=1)  # the candidates that stood before the first right one
    left = seen.sum(axis=1) + np.count_nonzero(~seen & before, axis=1)
    unseen_ranks = np.where(right.any(axis=1), 1 + left, first.ranks)
    return np.where((right & seen).any(axis=1), 1 + ahead, unseen_ranks).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of the papers' tables.

    Attributes:
        queries: how many there were.
        recall: by k of RECALL_AT: the share of queries whose rank is k or better.
        median_rank: 1 is the best; between two ranks where the number of queries is even.
        mean_reciprocal_rank: 1 is the best.
    """

    queries: int
    recall: dict[int, float]
    median_rank: float
    mean_reciprocal_rank: float


def summarise(ranks: RowNumbers) -> Summary:
    """What ranks amount to; at least one.

    Raises:
        ValueError: there are none.
    """
    if not len(ranks):
        raise ValueError("no ranks to summarise")
    return Summary(
        queries=len(ranks),
        recall={k: float(np.count_nonzero(ranks <= k)) / len(ranks) for k in RECALL_AT},
        median_rank=float(np.median(ranks)),
        mean_reciprocal_rank=float((1.0 / ranks).mean()),
    )


def present_and_absent(first: FirstStage, probability: Scores) -> tuple[Scores, Scores]:
    """What a cut-off meets: the right answer's probability, and the best that is left when it is taken away.

    Args:
        first: the candidates judged.
        probability: float32 (q, depth), that they match; nan where nobody looked, which counts as 0.

    Returns:
        float32 (q,) and (q,).
    """
    judged = np.nan_to_num(probability, nan=0.0)
    present = np.where(first.right, judged, 0.0).max(axis=1, initial=0.0)
    absent = np.where(first.right, 0.0, judged).max(axis=1, initial=0.0)
    return present.astype(np.float32), absent.astype(np.float32)


def recall_of(found: Scores, exact: Scores) -> float:
    """The share of an exact answer that another search found: what scores as high as the last of it.

    By score and not by row, so that among copies of one picture it does not matter which of them was found.

    Args:
        found: float32 (≤ k,): exact scores of what the other search found.
        exact: float32 (k,): of the exact answer, at least one.
    """
    return float(np.count_nonzero(found >= exact.min() - TIE)) / len(exact)
