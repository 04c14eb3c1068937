"""What a picture's score is compared with, to tell a match from the best of nothing: the vectors of neutral texts.

Kept with each space and derived: losing them costs a hit its `match`, never an answer. Which texts these are, and what
is made of them, is `searcher`'s business.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from db.connect import Store, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from core.arrays import Vectors
    from db.records import SpaceInfo

_KIND = "texts"  # the only kind that proved worth keeping
_DISK = np.dtype("<f2")


def read_neutral_texts(conn: Connection, space: SpaceInfo) -> Vectors | None:
    """Float32 (n, dim), unit rows to float16; None where there are none, as in libraries of before."""
    found: bytes | None = conn.exec_driver_sql(
        "SELECT vectors FROM background WHERE space_id = :space_id AND kind = :kind",
        {"space_id": space.id, "kind": _KIND},
    ).scalar_one_or_none()
    if not found or len(found) % (space.dim * _DISK.itemsize):
        return None
    return np.frombuffer(found, _DISK).astype(np.float32).reshape(-1, space.dim)


def has_neutral_texts(conn: Connection, space: SpaceInfo, texts: Sequence[str]) -> bool:
    """Whether the vectors that are kept are of these texts, in this order, and all there."""
    found = conn.exec_driver_sql(
        "SELECT made_from, length(vectors) AS bytes FROM background WHERE space_id = :space_id AND kind = :kind",
        {"space_id": space.id, "kind": _KIND},
    ).one_or_none()
    whole = len(texts) * space.dim * _DISK.itemsize
    return found is not None and (found.made_from, found.bytes) == (_digest(texts), whole)


def keep_neutral_texts(store: Store, space: SpaceInfo, texts: Sequence[str], vectors: Vectors) -> None:
    """Keep the vectors of these n texts, float32 (n, dim), unit rows, in the place of any before."""
    values = {"space_id": space.id, "kind": _KIND, "count": len(vectors), "made_from": _digest(texts)}
    with transaction(store) as conn:
        conn.exec_driver_sql(
            "INSERT OR REPLACE INTO background (space_id, kind, vectors, count, made_from)"
            " VALUES (:space_id, :kind, :vectors, :count, :made_from)",
            {**values, "vectors": vectors.astype(_DISK).tobytes()},
        )


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
