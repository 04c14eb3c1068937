"""Leaves dead rows behind (invariant 4): the next generation is written beside the old one, then one transaction flips.

A crash before the flip leaves a file that no generation names, which the next writer removes; after it, the old file is
the stray. Rows of hidden pictures that may come back are kept: only rows that stand for nothing go.
"""

import json
from contextlib import suppress

import numpy as np
from sqlalchemy import Connection

from core.arrays import RowNumbers
from core.models import VectorKind
from db.columns import drop_columns
from db.connect import Store, run_many, transaction
from db.places import ROW_TABLE, RowsPlace, place_of
from db.records import GenerationInfo, SpaceInfo
from db.spaces import find_generation
from db.vectors.compact import compact


def compact_space(store: Store, space: SpaceInfo, kind: VectorKind = VectorKind.IMAGE) -> int:
    """Drop the rows of one kind that stand for nothing any more; how many. Its index and columns are dropped with them.

    Raises:
        StorageFull: no space for the copy; nothing changed.
    """
    current = find_generation(store.conn, space.id, kind)
    if current is None:
        return 0
    mapped = store.conn.exec_driver_sql(
        f"SELECT row FROM {ROW_TABLE[kind]} WHERE generation_id = :id ORDER BY row", {"id": current.id}
    )
    keep = np.fromiter(mapped.scalars(), np.int64)
    if len(keep) == current.committed_rows:
        return 0
    old = place_of(store, current.id)
    blocks = compact(old.open().view(current.committed_rows), keep, old.next().create())
    with transaction(store) as conn:
        _renumber(conn, current, keep)
        _flip(conn, current, len(keep), blocks)
    _remove(old, current)
    return current.committed_rows - len(keep)


def _renumber(conn: Connection, current: GenerationInfo, keep: RowNumbers) -> None:
    """Row keep[i] is row i from now on. Ascending, so that a new number never meets one still in use."""
    table = ROW_TABLE[current.kind]
    moved = np.flatnonzero(keep != np.arange(len(keep)))
    values = [(int(new), current.id, int(keep[new])) for new in moved]
    dead = conn.exec_driver_sql(
        "SELECT t.row FROM tombstone t WHERE t.generation_id = :id AND EXISTS ("
        f" SELECT 1 FROM {table} r WHERE r.generation_id = :id AND r.row = t.row)",
        {"id": current.id},
    )
    still_dead = np.searchsorted(keep, np.fromiter(dead.scalars(), np.int64))
    conn.exec_driver_sql("DELETE FROM tombstone WHERE generation_id = :id", {"id": current.id})
    run_many(conn, f"UPDATE {table} SET row = ? WHERE generation_id = ? AND row = ?", values)
    conn.exec_driver_sql(
        "INSERT INTO tombstone SELECT :id, value FROM json_each(:rows)",
        {"id": current.id, "rows": json.dumps(still_dead.tolist())},
    )


def _flip(conn: Connection, current: GenerationInfo, rows: int, blocks: dict[int, int]) -> None:
    conn.exec_driver_sql("DELETE FROM block WHERE generation_id = :id", {"id": current.id})
    run_many(conn, "INSERT INTO block VALUES (?, ?, ?)", [(current.id, block, crc) for block, crc in blocks.items()])
    drop_columns(conn, current.id)
    conn.exec_driver_sql(
        "UPDATE generation SET number = number + 1, committed_rows = :rows, index_record = NULL WHERE id = :id",
        {"rows": rows, "id": current.id},
    )


def _remove(old: RowsPlace, current: GenerationInfo) -> None:
    """The files of the generation before; where a reader holds them open (Windows), the next writer tries again."""
    names = [old.vectors, old.columns]
    if current.index is not None:
        names.append(old.folder / current.index.file)
    for path in names:
        with suppress(OSError):
            path.unlink()
