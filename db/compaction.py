"""Leaves dead rows behind (invariant 4): the next generation is written beside the old one, then one transaction flips.

A crash before the flip leaves a file that no generation names, which the next writer removes; after it, the old file is
the stray. Rows of hidden pictures that may come back are kept: only rows that stand for nothing go.

An index over what is left can be written before the flip, too: then the old one answers until the new one does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import HalfRows, RowMask, RowNumbers
from core.errors import LibraryDamaged
from core.models import VectorKind
from db.columns import drop_columns
from db.connect import Store, run_many, transaction
from db.places import ROW_TABLE, RowsPlace, place_of
from db.spaces import find_generation
from db.vectors.blocks import damaged_blocks
from db.vectors.compact import compact
from db.vectors.records import IndexRecord

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.records import GenerationInfo, SpaceInfo

DEAD_SHARE = 0.2  # of the rows: from here on a search reads, and a disk holds, noticeably more than it must
_AT_ONCE = 50_000  # rows renumbered by one statement: 10 MB of Python numbers

Indexing = Callable[[RowsPlace, HalfRows, RowMask | None], IndexRecord | None]
"""Writes the index of a generation over these rows, of which those of the mask may be found; None: it needs none."""


def no_index(_place: RowsPlace, _rows: HalfRows, _live: RowMask | None, /) -> None:
    """The rows are searched exactly until somebody builds an index over them."""


def rows_for_nothing(store: Store, current: GenerationInfo) -> int:
    """How many rows stand for nothing any more: neither for what can be found nor for what may come back."""
    mapped = store.conn.exec_driver_sql(
        f"SELECT count(*) FROM {ROW_TABLE[current.kind]} WHERE generation_id = :id", {"id": current.id}
    ).scalar_one()
    return current.committed_rows - int(mapped)


def compaction_is_due(store: Store, current: GenerationInfo) -> bool:
    """Whether so many rows stand for nothing that copying the others is worth it."""
    return rows_for_nothing(store, current) > DEAD_SHARE * current.committed_rows


def compact_space(
    store: Store, space: SpaceInfo, kind: VectorKind = VectorKind.IMAGE, *, indexing: Indexing = no_index
) -> int:
    """Drop the rows of one kind that stand for nothing any more; how many. Its index and columns are dropped with them.

    Args:
        store: the writer's.
        space: whose.
        kind: which of its rows.
        indexing: writes the index over what is left; called before anything is given up.

    Raises:
        LibraryDamaged: rows are lost or do not fit their checksums: a copy would vouch for them.
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
    dead = _dead_among(store.conn, current, keep)
    _require_sound(store.conn, old, current)
    blocks, record = _write(old, current, keep, dead, indexing)
    with transaction(store) as conn:
        _renumber(conn, current, keep, dead)
        _flip(conn, current, len(keep), blocks, record)
    _remove(old, current)
    return current.committed_rows - len(keep)


def _dead_among(conn: Connection, current: GenerationInfo, keep: RowNumbers) -> RowNumbers:
    """The new numbers of rows that are kept and may not be found: of pictures that are hidden and may come back."""
    dead = conn.exec_driver_sql("SELECT row FROM tombstone WHERE generation_id = :id", {"id": current.id})
    return np.flatnonzero(np.isin(keep, np.fromiter(dead.scalars(), np.int64)))


def _require_sound(conn: Connection, place: RowsPlace, current: GenerationInfo) -> None:
    found = conn.exec_driver_sql("SELECT block, crc FROM block WHERE generation_id = ?", (current.id,))
    expected = {row.block: row.crc for row in found}
    damaged = damaged_blocks(place.open().view(current.committed_rows), expected)
    if damaged:
        raise LibraryDamaged(f"{len(damaged)} blocks of {place.vectors} are damaged: run `search doctor --fix`")


def _write(
    old: RowsPlace, current: GenerationInfo, keep: RowNumbers, dead: RowNumbers, indexing: Indexing
) -> tuple[dict[int, int], IndexRecord | None]:
    """The next generation's files: checksums by block, and its index. Nobody knows them yet."""
    place = old.next()
    target = place.create()
    live = np.ones(len(keep), np.bool_)
    live[dead] = False
    try:
        blocks = compact(old.open().view(current.committed_rows), keep, target)
        return blocks, indexing(place, target.view(len(keep)), live if len(dead) else None)
    except BaseException:  # a full disk, an interrupt: give the room back at once
        with suppress(OSError):
            place.vectors.unlink()
        raise


def _renumber(conn: Connection, current: GenerationInfo, keep: RowNumbers, dead: RowNumbers) -> None:
    """Row keep[i] is row i from now on. Ascending, so that a new number never meets one still in use."""
    moved = np.flatnonzero(keep != np.arange(len(keep)))
    for start in range(0, len(moved), _AT_ONCE):
        numbers = moved[start : start + _AT_ONCE].tolist()
        values = [(new, current.id, int(keep[new])) for new in numbers]
        run_many(conn, f"UPDATE {ROW_TABLE[current.kind]} SET row = ? WHERE generation_id = ? AND row = ?", values)
    conn.exec_driver_sql("DELETE FROM tombstone WHERE generation_id = :id", {"id": current.id})
    conn.exec_driver_sql(
        "INSERT INTO tombstone SELECT :id, value FROM json_each(:rows)",
        {"id": current.id, "rows": json.dumps(dead.tolist())},
    )


def _flip(
    conn: Connection, current: GenerationInfo, rows: int, blocks: dict[int, int], record: IndexRecord | None
) -> None:
    conn.exec_driver_sql("DELETE FROM block WHERE generation_id = :id", {"id": current.id})
    run_many(conn, "INSERT INTO block VALUES (?, ?, ?)", [(current.id, block, crc) for block, crc in blocks.items()])
    drop_columns(conn, current.id)
    conn.exec_driver_sql(
        "UPDATE generation SET number = number + 1, committed_rows = :rows, index_record = :record WHERE id = :id",
        {"rows": rows, "record": None if record is None else record.to_json(), "id": current.id},
    )


def _remove(old: RowsPlace, current: GenerationInfo) -> None:
    """The files of the generation before; where a reader holds them open (Windows), the next writer tries again."""
    names = [old.vectors, *old.folder.glob(f"columns.{old.number}.*")]
    if current.index is not None:
        names.append(old.folder / current.index.file)
    for path in names:
        with suppress(OSError):
            path.unlink()
