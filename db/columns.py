"""The filter columns of a generation: one record per row, read from SQL, kept in a file that is memory-mapped.

The file is derived (invariant 2): it counts only while SQLite names it with the digest of its bytes. Its records come
from the same query that answers for newer rows, so a filter cannot tell the two apart.
"""

import hashlib
import json
import os
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row

from core.arrays import RowNumbers
from core.pictures import Orientation
from db.connect import Store, transaction
from db.places import place_of
from db.vectors.storage import storage_errors, sync_folder

COLUMNS = np.dtype(
    [
        ("taken", "<i8"),  # seconds of the clock on the wall; NEVER: not known
        ("latitude", "<f4"),  # degrees; NaN: not known
        ("longitude", "<f4"),
        ("folder", "<i4"),  # folder.id of a live file; 0: none
        ("camera", "<i4"),  # camera.id; 0: not known
        ("lens", "<i4"),  # lens.id; 0: not known
        ("format", "<u2"),  # format.id; 0: not known
        ("orientation", "<u1"),  # ORIENTATIONS; 0: not known
        ("several", "?"),  # more than one live file: `folder` is only one of theirs
    ]
)
NEVER = np.iinfo(np.int64).min
ORIENTATIONS = {Orientation.LANDSCAPE: 1, Orientation.PORTRAIT: 2, Orientation.SQUARE: 3}

_READ = """
    SELECT r.row, a.taken, a.latitude, a.longitude, min(f.folder_id) AS folder, a.camera_id, a.lens_id, a.format_id,
        a.width, a.height, count(f.id) AS files
    FROM vector_row r
    JOIN asset a ON a.id = r.asset_id
    LEFT JOIN file_asset fa ON fa.asset_id = a.id
    LEFT JOIN file f ON f.id = fa.file_id AND f.state IN ('present', 'offline')
    WHERE r.generation_id = :generation_id AND
"""
_FROM = "r.row >= :start GROUP BY r.row"
_DIRTY = """
    r.row < :start AND r.asset_id IN (SELECT asset_id FROM dirty_asset WHERE generation_id = :generation_id)
    GROUP BY r.row
"""


def read_columns(conn: Connection, generation_id: int, start: int) -> tuple[RowNumbers, NDArray[np.void]]:
    """The rows from `start` on that stand for pictures, and their records (COLUMNS), from SQL."""
    return _records(conn, _READ + _FROM, generation_id, start)


def read_dirty_columns(conn: Connection, generation_id: int, end: int) -> tuple[RowNumbers, NDArray[np.void]]:
    """The rows before `end` that changed since the columns were written, and their records, from SQL."""
    return _records(conn, _READ + _DIRTY, generation_id, end)


def write_columns(store: Store, generation_id: int) -> int:
    """Write the columns of all committed rows anew; how many rows they cover."""
    committed = store.conn.exec_driver_sql(
        "SELECT committed_rows FROM generation WHERE id = :id", {"id": generation_id}
    ).scalar_one()
    columns = np.zeros(committed, COLUMNS)
    rows, records = read_columns(store.conn, generation_id, 0)
    columns[rows] = records
    place = place_of(store, generation_id)
    digest = _write(place.columns, columns)
    with transaction(store) as conn:
        conn.exec_driver_sql(
            "UPDATE generation SET columns_file = :file, columns_rows = :rows, columns_digest = :digest WHERE id = :id",
            {"file": place.columns.name, "rows": committed, "digest": digest, "id": generation_id},
        )
        conn.exec_driver_sql("DELETE FROM dirty_asset WHERE generation_id = :id", {"id": generation_id})
    return int(committed)


def drop_columns(conn: Connection, generation_id: int) -> None:
    """No columns from now on; their file is a stray."""
    conn.exec_driver_sql(
        "UPDATE generation SET columns_file = NULL, columns_rows = 0, columns_digest = NULL WHERE id = :id",
        {"id": generation_id},
    )
    conn.exec_driver_sql("DELETE FROM dirty_asset WHERE generation_id = :id", {"id": generation_id})


def open_columns(store: Store, generation_id: int) -> NDArray[np.void] | None:
    """The columns, memory-mapped; None where there are none, or where the file is not the one SQLite names."""
    known = store.conn.exec_driver_sql(
        "SELECT columns_file, columns_rows, columns_digest FROM generation WHERE id = :id", {"id": generation_id}
    ).one()
    if known.columns_file is None:
        return None
    path = place_of(store, generation_id).folder / known.columns_file
    try:
        with path.open("rb") as file:  # once: a writer may put another file in its place at any time
            if _digest(file) != known.columns_digest:
                return None
            file.seek(0)
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            columns: NDArray[np.void] = np.memmap(file, dtype, "r", file.tell(), shape)
    except (OSError, ValueError):  # gone, cut short, or no array: SQL answers instead
        return None
    return columns if columns.dtype == COLUMNS and len(columns) == known.columns_rows else None


def rows_below(conn: Connection, generation_id: int, rows: RowNumbers, folder_ids: list[int]) -> NDArray[np.bool_]:
    """For each of these rows: does it have a live file in one of the folders?"""
    found = conn.exec_driver_sql(
        """
        SELECT DISTINCT r.row FROM json_each(:rows) j
        JOIN vector_row r ON r.generation_id = :generation_id AND r.row = j.value
        JOIN file_asset fa ON fa.asset_id = r.asset_id JOIN file f ON f.id = fa.file_id
        WHERE f.state IN ('present', 'offline') AND f.folder_id IN (SELECT value FROM json_each(:folders))
        """,
        {"rows": json.dumps(rows.tolist()), "folders": json.dumps(folder_ids), "generation_id": generation_id},
    )
    return np.isin(rows, np.fromiter(found.scalars(), np.int64))


def _records(conn: Connection, query: str, generation_id: int, start: int) -> tuple[RowNumbers, NDArray[np.void]]:
    found = conn.exec_driver_sql(query, {"generation_id": generation_id, "start": start}).all()
    rows = np.fromiter((row.row for row in found), np.int64, len(found))
    records = np.zeros(len(found), COLUMNS)
    for number, row in enumerate(found):
        records[number] = _record(row)
    return rows, records


def _record(row: Row[tuple[object, ...]]) -> tuple[object, ...]:
    known_shape = row.format_id is not None
    return (
        NEVER if row.taken is None else row.taken,
        np.nan if row.latitude is None else row.latitude,
        np.nan if row.longitude is None else row.longitude,
        row.folder or 0,
        row.camera_id or 0,
        row.lens_id or 0,
        row.format_id or 0,
        ORIENTATIONS[Orientation.of(row.width, row.height)] if known_shape else 0,
        row.files > 1,
    )


def _write(path: Path, columns: NDArray[np.void]) -> str:
    """The digest of what is there from now on."""
    fresh = path.with_name(path.name + ".tmp")
    with storage_errors(path):
        with fresh.open("wb") as file:
            np.save(file, columns, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        with fresh.open("rb") as file:
            digest = _digest(file)
        fresh.replace(path)
        sync_folder(path.parent)
    return digest


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "blake2b").hexdigest()
