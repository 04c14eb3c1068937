"""New rows: appended to their vector files first, then entered into SQLite by the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.arrays import HalfRows, Vectors
from db.connect import Store, run_many
from db.places import place_of
from db.spaces import generation_of
from db.vectors.blocks import BLOCK_ROWS, extend_blocks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.records import IndexedFile
    from db.vectors.rows_file import RowsFile

NewRows: TypeAlias = Mapping[int, Mapping[bytes, Vectors]]
"""Space id -> content hash -> float32 (dim,), unit length."""


@dataclass(frozen=True, slots=True)
class _Appended:
    """Rows that are on disk and in no table yet."""

    generation_id: int
    first: int
    keys: tuple[bytes, ...]  # content hashes, in the order of the rows
    blocks: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class AppendedRows:
    """All rows that one batch appended."""

    parts: list[_Appended] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many, over all spaces."""
        return sum(len(part.keys) for part in self.parts)

    def record(self, conn: Connection) -> None:
        """Enter them: what row stands for what picture, the checksums, and how many rows are committed."""
        for part in self.parts:
            for offset, key in enumerate(part.keys):
                conn.exec_driver_sql(
                    "INSERT INTO vector_row SELECT :generation_id, :row, id FROM asset"
                    " WHERE content_hash = :hash AND part = 0",
                    {"generation_id": part.generation_id, "row": part.first + offset, "hash": key},
                )
            record_blocks(conn, part.generation_id, part.first + len(part.keys), part.blocks)


def record_blocks(conn: Connection, generation_id: int, committed_rows: int, blocks: Mapping[int, int]) -> None:
    """Rows up to `committed_rows` count from now on, with these checksums."""
    checksums = [(generation_id, block, crc) for block, crc in blocks.items()]
    run_many(conn, "INSERT OR REPLACE INTO block VALUES (?, ?, ?)", checksums)
    conn.exec_driver_sql(
        "UPDATE generation SET committed_rows = :rows WHERE id = :id", {"rows": committed_rows, "id": generation_id}
    )


def fresh_vectors(conn: Connection, files: Sequence[IndexedFile]) -> NewRows:
    """For each space the vectors whose content has no row there yet; each content once."""
    space_ids = sorted({space_id for file in files for space_id in file.vectors})
    known = known_hashes(conn, [file.content_hash for file in files], space_ids)
    fresh: dict[int, dict[bytes, Vectors]] = {}
    for file in files:
        for space_id, vector in file.vectors.items():
            if space_id not in known.get(file.content_hash, frozenset()):
                fresh.setdefault(space_id, {}).setdefault(file.content_hash, vector)
    return fresh


@contextmanager
def appended(store: Store, fresh: NewRows) -> Iterator[AppendedRows]:
    """Write rows behind the committed ones; if the body fails, they are cut off again."""
    rows = AppendedRows()
    with ExitStack() as undo:
        for space_id, vectors in fresh.items():
            rows.parts.append(_append(store, space_id, vectors, undo))
        yield rows
        undo.pop_all()


def append_half(store: Store, generation_id: int, committed: int, rows: HalfRows, undo: ExitStack) -> dict[int, int]:
    """Append float16 (n, dim) to one vector file; the checksums that changed. `undo` learns how to take it back."""
    rows_file = place_of(store, generation_id).open()
    rows_file.truncate(committed)  # what a failed transaction could not cut off
    undo.callback(_cut, store.conn, generation_id, rows_file)
    rows_file.append(rows)
    return extend_blocks(last_block(store.conn, generation_id, committed), committed, rows)


def last_block(conn: Connection, generation_id: int, committed: int) -> dict[int, int]:
    """The checksum of the block that the next row falls into, where it has rows already."""
    found = conn.exec_driver_sql(
        "SELECT block, crc FROM block WHERE generation_id = :id AND block = :block",
        {"id": generation_id, "block": committed // BLOCK_ROWS},
    )
    return {row.block: row.crc for row in found}


def half(vectors: Sequence[Vectors], dim: int) -> HalfRows:
    """float32 (dim,) vectors as float16 (n, dim).

    Raises:
        ValueError: another length, or not finite: a bug of whoever made them, never stored.
    """
    rows = np.stack(vectors).astype(np.float16) if vectors else np.empty((0, dim), np.float16)
    if rows.shape[1:] != (dim,) or not np.isfinite(rows).all():
        raise ValueError(f"expected finite vectors of {dim} numbers, got an array of shape {rows.shape}")
    return rows


def known_hashes(conn: Connection, hashes: Sequence[bytes], space_ids: Sequence[int]) -> dict[bytes, frozenset[int]]:
    """For each of these contents that the library knows: the spaces that have a row for it."""
    from sqlalchemy import select

    from db.schema import asset, generation, vector_row

    known: dict[bytes, frozenset[int]] = {}
    wanted = (
        select(asset.c.content_hash, generation.c.space_id)
        .select_from(
            asset.outerjoin(vector_row, vector_row.c.asset_id == asset.c.id).outerjoin(
                generation, generation.c.id == vector_row.c.generation_id
            )
        )
        .where(asset.c.part == 0)
    )
    for start in range(0, len(hashes), _CHUNK):
        for content_hash, space_id in conn.execute(
            wanted.where(asset.c.content_hash.in_(hashes[start : start + _CHUNK]))
        ):
            spaces = known.get(content_hash, frozenset())
            known[content_hash] = spaces | {space_id} if space_id in space_ids else spaces
    return known


_CHUNK = 10_000  # SQLite takes 32,766 values in a statement


def _append(store: Store, space_id: int, vectors: Mapping[bytes, Vectors], undo: ExitStack) -> _Appended:
    current = generation_of(store.conn, space_id)
    rows = half(list(vectors.values()), place_of(store, current.id).dim)
    blocks = append_half(store, current.id, current.committed_rows, rows, undo)
    return _Appended(current.id, current.committed_rows, tuple(vectors), blocks)


def _cut(conn: Connection, generation_id: int, rows_file: RowsFile) -> None:
    """Take back what was appended; asks again what counts, since an interrupt may come just after the commit."""
    committed = conn.exec_driver_sql(
        "SELECT committed_rows FROM generation WHERE id = :id", {"id": generation_id}
    ).scalar_one()
    rows_file.truncate(committed)
