"""Matches by cosine as a library of the evaluated pictures would give them, without that library."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from core.models import VectorKind
from db.records import GenerationInfo, SpaceInfo, SpaceState
from searcher.match import match_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import RowNumbers, Vectors
    from db import LibraryReader
    from semantic_image_search.evaluation.seeing import Seen


class PictureJudge:
    """Says how probably pictures of a set match a text; what `searcher.match` asks of a library, it answers itself.

    Args:
        seen: the set as one model sees it.
    """

    def __init__(self, seen: Seen) -> None:
        info = seen.info
        self._pictures = seen.pictures
        self._space = SpaceInfo(0, info.name, info.name, info.identity, info.dim, info, SpaceState.ACTIVE)
        self._texts = seen.neutral

    def match(self, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
        """Probabilities that these pictures match a text, float32 (rows,).

        Args:
            query: of the text, float32 (dim,), unit length.
            rows: int (rows,).
        """
        as_library = cast("LibraryReader", self)
        found = match_probabilities(as_library, self._space, query, self._pictures[rows], words=True)
        return np.zeros(len(rows), np.float32) if found is None else found

    def neutral_texts(self, _space: SpaceInfo) -> Vectors:
        """As `LibraryReader.neutral_texts`."""
        return self._texts

    def generation(self, space: SpaceInfo) -> GenerationInfo:
        """As `LibraryReader.generation`."""
        rows = len(self._pictures)
        return GenerationInfo(0, space.id, VectorKind.IMAGE, 1, rows, rows, None, 0)
