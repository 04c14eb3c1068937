"""Which pictures of a library are copies of each other: by perceptual hash and by embedding, never by one alone.

Every copy of a group was compared with the picture that is kept, so that a chain of small differences joins nothing.
What counts as a copy is what counts as one in an answer: see `searcher.grouping`, which has the measurements.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers, Vectors
from searcher.grouping import COPY_ASPECT, COPY_COSINE, COPY_SECONDS
from searcher.near_hashes import HashNeighbours

if TYPE_CHECKING:
    from db.duplicates import Prints

VectorsOf = Callable[[RowNumbers], Vectors]
"""Rows, int64 (n,), to their vectors, float32 (n, dim), unit rows."""


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Pictures by their numbers among the fingerprints: one, and its copies."""

    kept: int
    copies: tuple[int, ...]


def near_copies(
    prints: "Prints", neighbours: HashNeighbours, order: Sequence[int], vectors_of: VectorsOf
) -> list[NearCopies]:
    """Groups of copies among some pictures; a picture is in one at most.

    Args:
        prints: fingerprints of all pictures.
        neighbours: whose hashes are near each other, by number among `prints`.
        order: the numbers of those to be grouped, the ones rather kept first.
        vectors_of: the embeddings.
    """
    free = np.zeros(len(prints), np.bool_)
    free[list(order)] = True
    groups = []
    for kept in order:
        if not free[kept]:
            continue
        free[kept] = False
        near = neighbours.near(kept)
        near = near[free[near]]
        near = near[_may_be_copies(prints, kept, near)]
        if not len(near):
            continue
        vectors = vectors_of(prints.rows[np.concatenate([[kept], near])])
        copies = np.sort(near[vectors[1:] @ vectors[0] >= COPY_COSINE])
        if len(copies):
            free[copies] = False
            groups.append(NearCopies(kept, tuple(copies.tolist())))
    return groups


def _may_be_copies(prints: "Prints", kept: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of the same shape, and not of another moment: a camera that says two moments took two pictures."""
    aspects, seconds = prints.aspects, prints.seconds
    same_shape = np.abs(aspects[others] - aspects[kept]) <= COPY_ASPECT * aspects[kept]
    # comparing with nan is False: an unknown moment contradicts nothing
    return np.asarray(same_shape & ~(np.abs(seconds[others] - seconds[kept]) >= COPY_SECONDS))
