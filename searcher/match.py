"""How probably a hit matches what was asked, where no reranker looked at it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import Vectors

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo

LEAST_PICTURES = 50
"""Fewer tell nothing of how scores spread."""

_MIDDLE, _STEEPNESS = 3.0, 2.0  # of the logistic curve over z-scores


def match_probabilities(
    reader: "LibraryReader", space: "SpaceInfo", query: Vectors, vectors: Vectors, *, words: bool
) -> NDArray[np.float32] | None:
    """How probably each picture matches the query, float32 (n,), 0 to 1; None where there is nothing to judge by.

    Args:
        reader: one snapshot of the library.
        space: the space that is searched.
        query: float32 (dim,), unit length.
        vectors: of the hits, float32 (n, dim), unit rows.
        words: the query is words alone (False: pictures, a vector or a mixture are in it).
    """
    pictures = reader.background(space, "pictures")
    if not words or pictures is None or len(pictures) < LEAST_PICTURES:
        return None
    scores = pictures @ query
    z = (vectors @ query - scores.mean()) / max(float(scores.std()), 1e-6)
    return np.asarray(1.0 / (1.0 + np.exp(-_STEEPNESS * (z - _MIDDLE))), np.float32)
