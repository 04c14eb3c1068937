"""Samples of a library's own rows: to train an index on, and to ask it questions with.

Every random choice is seeded, so that the same rows give the same index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from db.vectors.rotation import covariance

if TYPE_CHECKING:
    from numpy.random import Generator

    from core.arrays import HalfRows, RowMask, RowNumbers, Vectors

_READ_ROWS = 8192  # rows in float16 at a time, beside the sample itself
_TEXT_ALIGNMENT = 0.12
"""Cosine of what a text-like query says with the direction, from the mean, of the picture it is about."""
_GAP_LENGTH = 0.865  # of the mean of unit text vectors


def sample_rows(rows: HalfRows, live: RowMask | None, count: int, rng: Generator) -> Vectors:
    """At most `count` of the rows that may be found, each once, ascending: float32 (≤ count, dim).

    Rows with values that are not finite, which only damage makes, are left out.
    """
    numbers = _choose(live, len(rows), count, rng)
    sample = np.empty((len(numbers), rows.shape[1]), np.float32)
    filled = 0
    for start in range(0, len(numbers), _READ_ROWS):
        block = rows[numbers[start : start + _READ_ROWS]]
        block = block[sound(block)]
        sample[filled : filled + len(block)] = block
        filled += len(block)
    return sample[:filled]


def sound(rows: HalfRows | Vectors) -> RowMask:
    """Which of these rows are numbers throughout, bool (n,); only damage makes others."""
    return np.asarray(np.isfinite(rows).all(axis=1))


def gap_of(texts: Vectors | None) -> Vectors | None:
    """What these text vectors, float32 (n, dim), share: their mean; None where there are none."""
    if texts is None or not len(texts):
        return None
    gap: Vectors = texts.mean(axis=0)
    return gap


def text_like(images: Vectors, centre: Vectors, rng: Generator, gap: Vectors | None = None) -> Vectors:
    """Queries that lie to the pictures as words do: float32 (n, dim), unit rows.

    CLIP puts texts and pictures in two cones (the modality gap). Measured on 1,703 nouns and 756 pictures of OpenAI's
    ViT-B/32: three quarters of a noun's energy are the mean of all nouns, which says nothing about pictures but adds
    its errors; the rest is spread evenly over all directions (14% in the 64 directions that hold 76% of the
    pictures), with a cosine of 0.1 to 0.16 with the direction of a picture it names. So

        query = gap + sqrt(1 - |gap|²) · (0.12 · direction of its picture + noise evenly in all others)

    On those pictures it is as hard as the real nouns: of the ten best, 0.93 are among the first 50 of 756 candidates
    of our index (nouns: 0.94), 0.90 in the first 8 of 19 lists (nouns: 0.86). Without the gap it was 0.99 and 0.88.

    Args:
        images: float32 (n, dim): the pictures the queries are about.
        centre: float32 (dim,): the mean of the pictures.
        rng: where the noise comes from.
        gap: float32 (dim,), shorter than 1: the mean of the model's text vectors; None: one is made up.
    """
    gap = made_gap(images, rng) if gap is None else gap
    about = _unit(images - centre)
    noise = rng.standard_normal(images.shape, dtype=np.float32)
    mean = _unit(centre[np.newaxis])[0]
    noise -= np.outer(noise @ mean, mean)
    says = _TEXT_ALIGNMENT * about + np.sqrt(1 - _TEXT_ALIGNMENT**2) * _unit(noise)
    return _unit((gap + np.sqrt(max(0.0, 1 - float(gap @ gap))) * says).astype(np.float32))


def made_gap(pictures: Vectors, rng: Generator, *, among: float = 0.0) -> Vectors:
    """A mean of text vectors as they would be: float32 (dim,), for where none are known.

    Of OpenAI's ViT-B/32 nine tenths of the nouns' mean lie in the half of the directions in which pictures vary least;
    all of it here, which on the recorded pictures comes nearest to how hard the real nouns are.

    Args:
        pictures: float32 (n, dim), some of the library's.
        rng: chooses it.
        among: share of its energy in the half of the directions in which pictures vary most.
    """
    dim = pictures.shape[1]
    centre: Vectors = pictures.mean(axis=0)
    mean = _unit(centre.reshape(1, dim))[0]
    _, axes = np.linalg.eigh(covariance(pictures))  # least variance first
    parts = rng.standard_normal((dim,))
    low, high = parts[: dim // 2], parts[dim // 2 :]  # views
    low *= np.sqrt(1 - among) / max(1e-12, float(np.linalg.norm(low)))
    high *= np.sqrt(among) / max(1e-12, float(np.linalg.norm(high)))
    gap = np.asarray(axes @ parts, np.float32)
    gap -= (gap @ mean) * mean
    made: Vectors = _GAP_LENGTH * _unit(gap[np.newaxis])[0]
    return made


def _choose(live: RowMask | None, rows: int, count: int, rng: Generator) -> RowNumbers:
    if live is None:
        return np.sort(rng.choice(rows, min(count, rows), replace=False, shuffle=False)).astype(np.int64)
    numbers = np.flatnonzero(live)
    return np.sort(rng.choice(numbers, min(count, len(numbers)), replace=False, shuffle=False))


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = vectors / np.maximum(norms, 1e-12)
    return units
