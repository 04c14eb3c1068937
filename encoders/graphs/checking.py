"""What a graph is tried on before it is trusted: texts and pictures, and how close its rows are to torch's."""

import numpy as np
from numpy.typing import NDArray

from core.arrays import Pixels, Vectors
from core.models import Preprocess

CLOSE = 0.999
"""The lowest cosine with torch's float32 that is let pass."""

TEXTS = (
    "a dog on the beach",
    "",
    "Ein Schiff auf dem Meer! 🐕 & 狗",
    "two women in red dresses standing in front of an old stone church while it rains",
    "word " * 200,
)
_SCALES = (1, 2, 4, 9, 16, 40)  # pixels: from noise to wide areas


def pictures(fit: Preprocess) -> Pixels:
    """uint8 (7, height, width, 3): black, and patches of several sizes with a little noise. Always the same."""
    dice = np.random.default_rng(6)
    made = [np.zeros((fit.height, fit.width, 3), np.uint8)]
    for scale in _SCALES:
        coarse = dice.integers(0, 256, (-(-fit.height // scale), -(-fit.width // scale), 3))
        patches = coarse.repeat(scale, axis=0).repeat(scale, axis=1)[: fit.height, : fit.width]
        made.append(np.clip(patches + dice.normal(0, 8, patches.shape), 0, 255).astype(np.uint8))
    return np.stack(made)


def lowest_cosine(rows: Vectors, others: NDArray[np.float32]) -> float:
    """Of unit rows, pair by pair; 0 where a value is not finite."""
    cosines = (rows.astype(np.float64) * others.astype(np.float64)).sum(axis=1)
    return float(cosines.min()) if np.isfinite(cosines).all() else 0.0
