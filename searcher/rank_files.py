"""Rank given pictures against a text, without a library: CLIP as the judge of generated pictures.

Decoding the files is the caller's; so is telling which could not be read.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.arrays import Pixels
from core.errors import UsageError
from core.protocols import Encoder

BATCH = 32  # pictures encoded at once: bounds memory, and is where CPUs stop gaining


class RankedFile(NamedTuple):
    """A file and how well it fits: the cosine of the two towers, -1 to 1, to 6 decimals."""

    path: bytes
    score: float


def rank_files(encoder: Encoder, text: str, pictures: Sequence[tuple[bytes, Pixels]]) -> list[RankedFile]:
    """The pictures, best first; equal scores by path.

    Args:
        encoder: both towers.
        text: what the pictures should show.
        pictures: path, and uint8 (height, width, 3) fitted by the encoder's Preprocess.

    Raises:
        UsageError: the text is empty.
    """
    if not text.strip():
        raise UsageError("the text is empty: say what the pictures should show")
    wanted = encoder.encode_texts([text.strip()])[0]
    ranked = []
    for start in range(0, len(pictures), BATCH):
        batch = pictures[start : start + BATCH]
        scores = encoder.encode_pixels(np.stack([pixels for _, pixels in batch])) @ wanted
        # the last bits of a product depend on the row's place in the batch: rounded, equal pictures are equal
        ranked += [RankedFile(path, round(float(score), 6)) for (path, _), score in zip(batch, scores, strict=True)]
    return sorted(ranked, key=lambda one: (-one.score, one.path))
