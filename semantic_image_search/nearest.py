"""The nearest pictures of many vectors at once: no words, no model, on the CPU's cores or on GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.pictures import Neighbour

if TYPE_CHECKING:
    from core.arrays import RowNumbers, Vectors
    from core.models import Device
    from core.pictures import Picture
    from db import LibraryReader
    from db.records import SpaceInfo

_LOOKED_UP = 10_000  # pictures at a time


def nearest(reader: LibraryReader, vectors: Vectors, *, k: int, device: Device) -> list[tuple[Neighbour, ...]]:
    """The k nearest pictures of each vector, best first; see `Library.nearest`."""
    space = reader.active_space()
    queries = _unit(np.asarray(vectors), space)
    if k < 1:
        raise UsageError(f"k must be at least 1, and is {k}")
    found = reader.search_many(space, queries, k, device=device)
    rows = np.unique(np.concatenate([np.empty(0, np.int64), *(one.rows for one in found)]))
    pictures = _pictures(reader, space, rows)
    return [
        tuple(
            Neighbour(pictures[row], score)
            for row, score in zip(one.rows.tolist(), one.scores.tolist(), strict=True)
            if row in pictures
        )
        for one in found
    ]


def _pictures(reader: LibraryReader, space: SpaceInfo, rows: RowNumbers) -> dict[int, Picture]:
    parts = (rows[start : start + _LOOKED_UP] for start in range(0, len(rows), _LOOKED_UP))
    return {picture.row: picture for part in parts for picture in reader.pictures(space, part)}


def _unit(vectors: Vectors, space: SpaceInfo) -> Vectors:
    """float32 (m, dim), unit rows.

    Raises:
        UsageError: not of this space, or pointing nowhere.
    """
    if vectors.ndim != 2 or vectors.shape[1] != space.dim:
        raise UsageError(
            f"the vectors have shape {vectors.shape}, and the library's {space.name} has {space.dim} dimensions"
        )
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise UsageError(f"vector {bad[0]} points nowhere: its length is {lengths[bad[0]]:g}")
    units: Vectors = (wide / lengths[:, np.newaxis]).astype(np.float32)
    return units
