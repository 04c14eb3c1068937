"""What a query's scores are compared with, to tell a match from the best of nothing.

Kept with each space: a sample of its own pictures, and the vectors of neutral texts. Derived: losing them costs a hit
its `match`, never an answer. Which texts are neutral, and what is made of all this, is `searcher`'s business.
"""

from typing import Literal, TypeAlias

import numpy as np
from sqlalchemy import Connection

from core.arrays import HalfRows, RowNumbers, Vectors
from db.connect import Store, transaction
from db.filters import findable_rows
from db.places import place_of
from db.records import GenerationInfo, SpaceInfo
from db.spaces import generation_of

BackgroundKind: TypeAlias = Literal["pictures", "texts"]

MOST_PICTURES = 4_096
"""Sampled at most: 4 MB of float16 at 512 dimensions, read once per reader, and a fifth of a millisecond a query."""

_GROWTH = 1.5  # a sample of two thirds of a library still stands for it
_DISK = np.dtype("<f2")


def read_background(conn: Connection, space: SpaceInfo, kind: BackgroundKind) -> Vectors | None:
    """Float32 (n, dim), unit rows to float16; None where there is none, as in libraries of before."""
    found: bytes | None = conn.exec_driver_sql(
        "SELECT vectors FROM background WHERE space_id = :space_id AND kind = :kind",
        {"space_id": space.id, "kind": kind},
    ).scalar_one_or_none()
    if not found or len(found) % (space.dim * _DISK.itemsize):
        return None
    return np.frombuffer(found, _DISK).astype(np.float32).reshape(-1, space.dim)


def refresh_pictures(store: Store, space: SpaceInfo, *, force: bool = False) -> None:
    """Draw the sample anew where the library grew by half since, lost a picture, or was compacted."""
    current = generation_of(store.conn, space.id)
    if not force and not _pictures_due(store.conn, current):
        return
    rows = _sampled(store.conn, current)
    vectors = place_of(store, current.id).open().view(current.committed_rows)[rows]
    with transaction(store) as conn:
        _write(conn, space.id, "pictures", vectors.astype(_DISK), _made_from(current))


def texts_are(conn: Connection, space: SpaceInfo, digest: str) -> bool:
    """Whether the neutral texts that are kept are those of this digest."""
    return _found_from(conn, space.id, "texts") == digest


def keep_texts(store: Store, space: SpaceInfo, vectors: Vectors, digest: str) -> None:
    """Keep these vectors of neutral texts, float32 (n, dim), unit rows, in the place of any before."""
    with transaction(store) as conn:
        _write(conn, space.id, "texts", vectors.astype(_DISK), digest)


def _pictures_due(conn: Connection, current: GenerationInfo) -> bool:
    made_from = _found_from(conn, current.space_id, "pictures")
    if made_from is None:
        return current.live_rows > 0
    number, _, rows = made_from.partition(":")
    drawn = int(rows)
    return int(number) != current.number or not drawn <= current.live_rows <= _GROWTH * drawn


def _made_from(current: GenerationInfo) -> str:
    return f"{current.number}:{current.live_rows}"


def _found_from(conn: Connection, space_id: int, kind: BackgroundKind) -> str | None:
    found: str | None = conn.exec_driver_sql(
        "SELECT made_from FROM background WHERE space_id = :space_id AND kind = :kind",
        {"space_id": space_id, "kind": kind},
    ).scalar_one_or_none()
    return found


def _sampled(conn: Connection, current: GenerationInfo) -> RowNumbers:
    """Rows that may be found, ascending: all, or MOST_PICTURES of them, always the same ones."""
    findable = findable_rows(conn, current)
    rows = np.arange(current.committed_rows) if findable is None else np.flatnonzero(findable)
    if len(rows) > MOST_PICTURES:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_PICTURES, replace=False))
    return rows


def _write(
    conn: Connection,
    space_id: int,
    kind: BackgroundKind,
    vectors: HalfRows,
    made_from: str,
) -> None:
    conn.exec_driver_sql(
        "INSERT OR REPLACE INTO background (space_id, kind, vectors, count, made_from)"
        " VALUES (:space_id, :kind, :vectors, :count, :made_from)",
        {
            "space_id": space_id,
            "kind": kind,
            "vectors": vectors.tobytes(),
            "count": len(vectors),
            "made_from": made_from,
        },
    )
