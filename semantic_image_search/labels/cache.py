"""Vectors of the built-in label sets, kept between runs: encoding 3,000 sentences takes seconds to minutes.

A file per model and set in the user's cache folder. It only saves time: what is missing or torn is encoded again, and
labels of a person's own are never kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

import numpy as np

from core.program import NAME
from searcher.label_sets import SETS
from searcher.labels import OTHERS, label_vectors

if TYPE_CHECKING:
    from pathlib import Path

    from core.arrays import Vectors
    from core.indexing import ProgressListener
    from core.protocols import TextEncoder
    from searcher.label_sets import LabelSet


def kept_vectors(encoder: TextEncoder, labels: LabelSet, listener: ProgressListener) -> Vectors:
    """As `searcher.labels.label_vectors`; those of built-in sets are read where they were kept, and kept if not."""
    if labels not in (*SETS.values(), OTHERS):
        return label_vectors(encoder, labels, listener)
    file = _file(encoder, labels)
    shape = (len(labels.labels), encoder.info.dim)
    vectors = _read(file, shape)
    if vectors is None:
        vectors = label_vectors(encoder, labels, listener)
        _write(file, vectors)
    return vectors


def _file(encoder: TextEncoder, labels: LabelSet) -> Path:
    from platformdirs import user_cache_path

    told = json.dumps([encoder.info.identity, labels.templates, labels.labels])
    name = hashlib.sha256(told.encode()).hexdigest()[:32]
    return user_cache_path(NAME, appauthor=False) / "labels" / f"{name}.npy"


def _read(file: Path, shape: tuple[int, int]) -> Vectors | None:
    try:
        vectors = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    sound = vectors.shape == shape and vectors.dtype == np.float32
    return vectors if sound and np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3) else None


def _write(file: Path, vectors: Vectors) -> None:
    with contextlib.suppress(OSError):  # a cache folder that cannot be written to costs time only
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}.tmp")
        with fresh.open("wb") as out:
            np.save(out, vectors, allow_pickle=False)
        fresh.replace(file)
