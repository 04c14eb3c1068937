"""Samples of a library's own rows: to train an index on, and to ask it questions with.

Every random choice is seeded, so that the same rows give the same index.
"""

import numpy as np
from numpy.random import Generator

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors

_READ_ROWS = 8192  # rows in float16 at a time, beside the sample itself
_TEXT_ALIGNMENT = 0.08
"""Cosine between a text-like query and the direction (from the mean) of the picture it is about; see text_like."""


def sample_rows(rows: HalfRows, live: RowMask | None, count: int, rng: Generator) -> Vectors:
    """At most `count` of the rows that may be found, each once, ascending: float32 (≤ count, dim).

    Rows with values that are not finite, which only damage makes, are left out.
    """
    numbers = _choose(live, len(rows), count, rng)
    sample = np.empty((len(numbers), rows.shape[1]), np.float32)
    filled = 0
    for start in range(0, len(numbers), _READ_ROWS):
        block = rows[numbers[start : start + _READ_ROWS]]
        block = block[np.isfinite(block).all(axis=1)]
        sample[filled : filled + len(block)] = block
        filled += len(block)
    return sample[:filled]


def text_like(images: Vectors, centre: Vectors, rng: Generator) -> Vectors:
    """Queries as far from the pictures as words are: float32 (n, dim), unit rows.

    CLIP puts texts and pictures in two cones (the modality gap). Measured on 1,703 nouns and 756 pictures of OpenAI's
    ViT-B/32: seen from the pictures' mean, what a noun says is spread almost evenly over all directions (14% in the
    64 directions that hold 76% of the pictures), and its cosine with the direction of a picture it names is 0.09 to
    0.13, with the best picture for a noun that none shows less. A query here is 0.08 of its picture's direction and
    noise in all others, none along the mean. On those pictures it is as hard as the real nouns: the ten best are
    among 50 candidates of 756 in 0.90 of cases for both, and in 8 of 19 lists in 0.88 (real: 0.86).

    Args:
        images: float32 (n, dim): the pictures the queries are about.
        centre: float32 (dim,): the mean of the pictures.
        rng: where the noise comes from.
    """
    about = _unit(images - centre)
    noise = rng.standard_normal(images.shape, dtype=np.float32)
    mean = _unit(centre[np.newaxis])[0]
    noise -= np.outer(noise @ mean, mean)
    mixed = _TEXT_ALIGNMENT * about + np.sqrt(1 - _TEXT_ALIGNMENT**2) * _unit(noise)
    return _unit(mixed.astype(np.float32))


def _choose(live: RowMask | None, rows: int, count: int, rng: Generator) -> RowNumbers:
    if live is None:
        return np.sort(rng.choice(rows, min(count, rows), replace=False, shuffle=False)).astype(np.int64)
    numbers = np.flatnonzero(live)
    return np.sort(rng.choice(numbers, min(count, len(numbers)), replace=False, shuffle=False))


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = vectors / np.maximum(norms, 1e-12)
    return units
