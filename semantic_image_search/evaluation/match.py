"""Matches by cosine as a library of the evaluated pictures would give them, without that library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searcher.match import probabilities, standing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import RowNumbers, Vectors
    from semantic_image_search.evaluation.seeing import Seen


def match_pictures(seen: Seen, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
    """Probabilities that these pictures match a text, float32 (rows,), as `searcher.match.match_probabilities`.

    Args:
        seen: the set as one model sees it.
        query: of the text, float32 (dim,), unit length.
        rows: int (rows,).
    """
    return probabilities(standing(query, seen.pictures[rows], seen.neutral), len(seen.pictures))
