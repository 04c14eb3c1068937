"""The filter columns of a generation: what filters ask of each row, read from SQL, kept in a file that is mapped.

The file holds one NumPy array per field of COLUMNS, one after another, so that a filter reads only the fields that it
asks about; behind them, for pictures with several files, all their folders. It is derived (invariant 2): it counts only
while SQLite names it with the digest of its bytes. What it says comes from the same query that answers for newer rows,
so a filter cannot tell the two apart.
"""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakValueDictionary

import numpy as np

from core.pictures import Orientation
from db.connect import Store, plain_rows, transaction
from db.places import RowsPlace, place_of
from db.vectors.storage import storage_errors, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRandom, BufferedReader

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.arrays import RowNumbers

COLUMNS = np.dtype(
    [
        ("taken", "<i8"),  # seconds of the clock on the wall; NEVER: not known
        ("latitude", "<f4"),  # degrees; NaN: not known
        ("longitude", "<f4"),
        ("asset", "<i4"),  # asset.id
        ("folder", "<i4"),  # folder.id of a live file; 0: none
        ("camera", "<i4"),  # camera.id; 0: not known
        ("lens", "<i4"),  # lens.id; 0: not known
        ("format", "<u2"),  # format.id; 0: not known
        ("ratio", "<u2"),  # 1000 times width by height, as shown; 0: not known
        ("orientation", "<u1"),  # ORIENTATIONS; 0: not known
        ("several", "?"),  # more than one live file: `folder` is only one of theirs
    ]
)
NEVER = np.iinfo(np.int64).min
ORIENTATIONS = {Orientation.LANDSCAPE: 1, Orientation.PORTRAIT: 2, Orientation.SQUARE: 3}

_PAGE = 20_000  # rows in Python's memory at once: 10 MB
_READ_BYTES = 1 << 20

# In the order of COLUMNS, the row first. CROSS JOIN: from row to row, whatever statistics SQLite has of the tables.
_READ = f"""
    SELECT r.row, coalesce(a.taken, {NEVER}), a.latitude, a.longitude, a.id, coalesce(min(f.folder_id), 0),
        coalesce(a.camera_id, 0), coalesce(a.lens_id, 0), coalesce(a.format_id, 0),
        CASE WHEN a.format_id IS NULL THEN 0
            ELSE min(max(CAST(round(1000.0 * a.width / max(a.height, 1)) AS INTEGER), 1), 65535) END,
        CASE WHEN a.format_id IS NULL THEN 0
            WHEN a.width = a.height THEN {ORIENTATIONS[Orientation.SQUARE]}
            WHEN a.width > a.height THEN {ORIENTATIONS[Orientation.LANDSCAPE]}
            ELSE {ORIENTATIONS[Orientation.PORTRAIT]} END,
        count(f.id) > 1
    FROM {{rows}}
    CROSS JOIN asset a ON a.id = r.asset_id
    LEFT JOIN file_asset fa ON fa.asset_id = a.id
    LEFT JOIN file f ON f.id = fa.file_id AND f.state IN ('present', 'offline')
    WHERE r.generation_id = :generation_id AND {{which}}
    GROUP BY r.row ORDER BY r.row
"""
_FROM = _READ.format(rows="vector_row r", which="r.row >= :start")
_DIRTY = _READ.format(
    rows="dirty_asset d CROSS JOIN vector_row r ON r.asset_id = d.asset_id AND r.generation_id = d.generation_id",
    which="d.generation_id = :generation_id AND r.row < :start",
)

_FOLDERS = """
    SELECT DISTINCT r.row, f.folder_id FROM json_each(:rows) j
    CROSS JOIN vector_row r ON r.generation_id = :generation_id AND r.row = j.value
    CROSS JOIN file_asset fa ON fa.asset_id = r.asset_id
    CROSS JOIN file f ON f.id = fa.file_id AND f.state IN ('present', 'offline')
    ORDER BY r.row, f.folder_id
"""
_PAIR = np.dtype("<i4")  # of a row and a folder
_ROW_AND_RECORD = np.dtype([("row", "<i8"), *((name, COLUMNS[name]) for name in COLUMNS.names or ())])


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Columns:
    """The columns of rows [0, rows): `columns["taken"]` is one field of all of them, read-only.

    Attributes:
        rows: how many.
        fields: by name, (rows,) each.
        copies: int32 (n, 2), row and folder of every live file of the rows with `several`.
    """

    rows: int
    fields: dict[str, NDArray[Any]]
    copies: NDArray[np.int32]

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.fields[name]

    def take(self, rows: RowNumbers) -> NDArray[np.void]:
        """The records (COLUMNS) of these rows."""
        records = np.empty(len(rows), COLUMNS)
        for name, values in self.fields.items():
            records[name] = values[rows]
        return records


_open: WeakValueDictionary[tuple[object, ...], Columns] = WeakValueDictionary()
"""Files whose bytes were checked already and that somebody still uses."""


def read_columns(conn: Connection, generation_id: int, start: int) -> tuple[RowNumbers, NDArray[np.void]]:
    """The rows from `start` on that stand for pictures, and their records (COLUMNS), from SQL."""
    return _together(_pages(conn, _FROM, generation_id, start))


def read_dirty_columns(conn: Connection, generation_id: int, end: int) -> tuple[RowNumbers, NDArray[np.void]]:
    """The rows before `end` that changed since the columns were written, and their records, from SQL."""
    return _together(_pages(conn, _DIRTY, generation_id, end))


def write_columns(store: Store, generation_id: int) -> int:
    """Write the columns of all committed rows anew, a page of rows in memory at a time; how many rows they cover."""
    committed, before = store.conn.exec_driver_sql(
        "SELECT committed_rows, columns_file FROM generation WHERE id = :id", {"id": generation_id}
    ).one()
    place = place_of(store, generation_id)
    name, digest = _write(place, store.conn, generation_id, committed)
    with transaction(store) as conn:
        conn.exec_driver_sql(
            "UPDATE generation SET columns_file = :file, columns_rows = :rows, columns_digest = :digest WHERE id = :id",
            {"file": name, "rows": committed, "digest": digest, "id": generation_id},
        )
        conn.exec_driver_sql("DELETE FROM dirty_asset WHERE generation_id = :id", {"id": generation_id})
    if before not in {None, name}:
        with suppress(OSError):  # Windows, where a reader has it open: the next writer tries again
            (place.folder / before).unlink()
    return int(committed)


def drop_columns(conn: Connection, generation_id: int) -> None:
    """No columns from now on; their file is a stray."""
    conn.exec_driver_sql(
        "UPDATE generation SET columns_file = NULL, columns_rows = 0, columns_digest = NULL WHERE id = :id",
        {"id": generation_id},
    )
    conn.exec_driver_sql("DELETE FROM dirty_asset WHERE generation_id = :id", {"id": generation_id})


def open_columns(store: Store, generation_id: int) -> Columns | None:
    """The columns, memory-mapped; None where there are none, or where the file is not the one SQLite names.

    A file that this process has open and checked already is not read again while its size, time and inode stay.
    """
    known = store.conn.exec_driver_sql(
        "SELECT columns_file, columns_rows, columns_digest FROM generation WHERE id = :id", {"id": generation_id}
    ).one()
    if known.columns_file is None:
        return None
    path = place_of(store, generation_id).folder / known.columns_file
    try:
        with path.open("rb") as file:  # once: a writer may put another file in its place at any time
            at = os.fstat(file.fileno())
            key = (str(path), at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, known.columns_digest)
            columns = _open.get(key)
            if columns is None:
                columns = _map(file, known.columns_rows, known.columns_digest)
                _open[key] = columns
    except (OSError, ValueError):  # gone, cut short, damaged, or no such arrays: SQL answers instead
        return None
    return columns


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


def folders_of_rows(conn: Connection, generation_id: int, rows: RowNumbers) -> NDArray[np.int32]:
    """Row and folder of every live file of these rows, int32 (n, 2)."""
    values = {"rows": json.dumps(rows.tolist()), "generation_id": generation_id}
    found = plain_rows(conn, _FOLDERS, values) if len(rows) else []
    return np.array(found, _PAIR).reshape(-1, 2)


def _pages(
    conn: Connection, query: str, generation_id: int, start: int
) -> Iterator[tuple[RowNumbers, NDArray[np.void]]]:
    """Rows, ascending, and their records, some at a time."""
    found = conn.exec_driver_sql(query, {"generation_id": generation_id, "start": start})
    cursor = cast("Any", found.cursor)  # the driver's: numpy wants plain tuples, and SQLAlchemy's rows take half longer
    try:
        while page := cursor.fetchmany(_PAGE):
            both = np.array(page, _ROW_AND_RECORD)
            records = np.empty(len(both), COLUMNS)
            for name in COLUMNS.names or ():
                records[name] = both[name]
            yield both["row"].copy(), records
    finally:
        found.close()


def _together(pages: Iterator[tuple[RowNumbers, NDArray[np.void]]]) -> tuple[RowNumbers, NDArray[np.void]]:
    rows, records = [np.empty(0, np.int64)], [np.empty(0, COLUMNS)]
    for some_rows, some_records in pages:
        rows.append(some_rows)
        records.append(some_records)
    return np.concatenate(rows), np.concatenate(records)


def _write(place: RowsPlace, conn: Connection, generation_id: int, count: int) -> tuple[str, str]:
    """The name of the file that is there from now on, and its digest. Rows that stand for nothing are zeros.

    The name holds the digest: until SQLite names it, the file before stays what SQLite says it is.
    """
    fresh = place.folder / f"columns.{place.number}.npy.tmp"
    with storage_errors(fresh):
        with fresh.open("w+b") as file:
            starts = _lay_out(file, count)
            for rows, records in _pages(conn, _FROM, generation_id, 0):
                first, end = int(rows[0]), int(rows[-1]) + 1
                block = np.zeros(end - first, COLUMNS)
                block[rows - first] = records
                for name, start in starts.items():
                    file.seek(start + first * COLUMNS[name].itemsize)
                    file.write(np.ascontiguousarray(block[name]).data)
                file.seek(0, os.SEEK_END)
                file.write(folders_of_rows(conn, generation_id, rows[records["several"]]).data)
            file.flush()
            os.fsync(file.fileno())
            digest = _digest(file)
        name = f"columns.{place.number}.{digest}.npy"
        fresh.replace(place.folder / name)
        sync_folder(place.folder)
    return name, digest


def _lay_out(file: BufferedRandom, count: int) -> dict[str, int]:
    """Where each field's values begin: behind a header each; the file has its full length from then on."""
    starts = {}
    for name in COLUMNS.names or ():
        header = {"descr": COLUMNS[name].str, "fortran_order": False, "shape": (count,)}
        np.lib.format.write_array_header_1_0(file, header)
        starts[name] = file.tell()
        file.seek(count * COLUMNS[name].itemsize, os.SEEK_CUR)
    file.truncate(file.tell())
    return starts


def _map(file: BufferedReader, count: int, digest: str) -> Columns:
    """The columns in this file.

    Raises:
        ValueError: it is not the file of this digest, or holds no such columns.
    """
    if _digest(file) != digest:
        raise ValueError("not the file that was written")
    mapped = np.memmap(file, np.uint8, "r")
    fields, at = {}, 0
    for name in COLUMNS.names or ():
        file.seek(at)
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        if shape != (count,) or dtype != COLUMNS[name]:
            raise ValueError(f"{name} is {dtype} {shape}")
        start, at = file.tell(), file.tell() + count * dtype.itemsize
        fields[name] = mapped[start:at].view(dtype)
    return Columns(count, fields, mapped[at:].view(_PAIR).reshape(-1, 2))


def _digest(file: BufferedReader | BufferedRandom) -> str:
    """crc32 and size, as an index has them: 9 ms for a million rows, and any flipped bit shows."""
    file.seek(0)
    crc = size = 0
    while block := file.read(_READ_BYTES):
        crc = zlib.crc32(block, crc)
        size += len(block)
    return f"{crc:08x}-{size:x}"
