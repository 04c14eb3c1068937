"""How probably a hit matches what was asked, where no reranker looked at it.

A cosine alone does not say: some pictures, and some texts, score high with everything. What says most is whether the
query fits the picture better than everyday texts do that have nothing to do with it (`neutral_texts`): the distance, in
standard deviations of those texts' scores of the same picture. It has no unit, so that one curve serves every model.
What else was tried, and the figures, are in docs/cut-off.md.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from core.arrays import Vectors
from searcher.cut_off import CutOff, cut_off_curve, wrong_at

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo

__all__ = [
    "CutOff",
    "Neutral",
    "cut_off_curve",
    "kept_neutral",
    "match_probabilities",
    "probabilities",
    "standing",
    "wrong_at",
]

# Logistic regression on OpenAI's CLIP ViT-B/32 (recorded vectors; benchmarks/cut_off.py fits it anew), moved so that
# 0.5 is where four fifths of what is there are found.
_STEEPNESS = 1.39  # of standard deviations
_SIZE = -0.54  # of the logarithm of the library's size: among more pictures the best of nothing is better
_OFFSET = -2.04
_SIZES = (14, 8_000)  # measured between these; a larger library has more of everything, of what matches, too

_LEAST_SPREAD = 1e-6  # of scores that are all the same


@dataclass(frozen=True, slots=True, eq=False)
class Neutral:
    """Neutral texts, made ready to compare scores with theirs: that takes as long as comparing.

    Attributes:
        mean: float32 (dim,).
        apart: float32 (m, dim), each text less the mean.
    """

    mean: Vectors
    apart: Vectors

    @classmethod
    def of(cls, texts: Vectors) -> Self:
        """Of float32 (m, dim), unit rows."""
        mean = texts.mean(axis=0)
        return cls(mean, texts - mean)

    def standing(self, query: Vectors, vectors: Vectors) -> NDArray[np.float32]:
        """How far each picture's score with the query is above its scores with the texts, in their standard deviations.

        Args:
            query: float32 (dim,).
            vectors: of the pictures, float32 (n, dim).
        """
        around = vectors @ self.apart.T  # the scores, less each picture's mean
        spread = np.sqrt(np.einsum("ij,ij->i", around, around) / len(self.apart))
        return np.asarray(vectors @ (query - self.mean) / np.maximum(spread, _LEAST_SPREAD), np.float32)


def kept_neutral(reader: "LibraryReader", space: "SpaceInfo") -> Neutral | None:
    """Of the texts that the space keeps; None where it keeps none."""
    texts = reader.neutral_texts(space)
    return None if texts is None else reader.once(("neutral", space.id), lambda: Neutral.of(texts))


def match_probabilities(
    reader: "LibraryReader", space: "SpaceInfo", query: Vectors, vectors: Vectors, *, words: bool
) -> NDArray[np.float32] | None:
    """How probably each picture matches the query, float32 (n,), 0 to 1; None where there is nothing to judge by.

    That is so for libraries of before, for vectors that were only imported, and for queries that are not words alone:
    whether a picture is like another one could not be told from its cosines (docs/cut-off.md).

    Args:
        reader: one snapshot of the library.
        space: the space that is searched.
        query: float32 (dim,), unit length.
        vectors: of the pictures, float32 (n, dim), unit rows.
        words: the query is words alone.
    """
    neutral = kept_neutral(reader, space) if words else None
    if neutral is None:
        return None
    return probabilities(neutral.standing(query, vectors), reader.generation(space).live_rows)


def standing(query: Vectors, vectors: Vectors, texts: Vectors) -> NDArray[np.float32]:
    """As `Neutral.standing`, of texts that are compared with once, float32 (m, dim)."""
    return Neutral.of(texts).standing(query, vectors)


def probabilities(standings: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """From standings (n,) in a library of so many pictures to probabilities, float32 (n,)."""
    logits = _STEEPNESS * standings.astype(np.float64) + _SIZE * np.log(np.clip(size, *_SIZES)) + _OFFSET
    return np.asarray(np.exp(-np.logaddexp(0.0, -logits)), np.float32)
