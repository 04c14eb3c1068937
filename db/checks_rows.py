"""The doctor's checks of one generation: its vector file, its checksums, its row map, and what is derived from it."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection

from core.errors import LibraryDamaged
from core.models import VectorKind
from db.caption_texts import FOUND
from db.columns import COLUMNS, open_columns, read_columns
from db.connect import Store
from db.index_state import require_index
from db.places import ROW_TABLE, place_of
from db.records import Finding, FindingCode, GenerationInfo
from db.spaces import generation_by_id
from db.vectors.blocks import damaged_blocks

_THING = {VectorKind.IMAGE: "picture", VectorKind.CAPTION: "caption"}
_HIDDEN = "EXISTS (SELECT 1 FROM tombstone d WHERE d.generation_id = r.generation_id AND d.row = r.row)"
_WRONGLY_HIDDEN = {
    VectorKind.IMAGE: f"""
        SELECT count(*) FROM vector_row r JOIN asset a ON a.id = r.asset_id
        WHERE r.generation_id = :id AND r.row < :rows AND a.live = {_HIDDEN}
    """,
    VectorKind.CAPTION: f"""
        SELECT count(*) FROM caption_row r JOIN caption_text t ON t.id = r.text_id
        WHERE r.generation_id = :id AND r.row < :rows AND {FOUND} = {_HIDDEN}
    """,
}


def check_generation(store: Store, generation_id: int, *, writing: bool) -> Iterator[Finding]:
    """What is wrong with this generation.

    Args:
        store: a reader's.
        generation_id: which.
        writing: True while a writer is at work: then rows beyond the committed ones are on their way.
    """
    current = generation_by_id(store.conn, generation_id)
    yield from _check_vectors(store, current, writing=writing)
    yield from _check_map(store.conn, current)
    yield from _check_derived(store, current)


def _check_vectors(store: Store, current: GenerationInfo, *, writing: bool) -> Iterator[Finding]:
    try:
        rows_file = place_of(store, current.id).open()
    except LibraryDamaged as error:
        yield _finding(
            current,
            FindingCode.VECTORS_LOST,
            f"{str(error).removesuffix(': run `search doctor`')}: a fix starts them anew, and the next `search index` "
            f"embeds the {_THING[current.kind]}s again",
        )
        return
    held = rows_file.rows_on_disk
    if held < current.committed_rows:
        yield _finding(
            current,
            FindingCode.VECTORS_SHORT,
            f"{rows_file.path.name} holds {held:,} of {current.committed_rows:,} rows:"
            " after a fix the next `search index` embeds the lost ones again",
        )
        return
    if held > current.committed_rows and not writing:
        yield _finding(
            current,
            FindingCode.VECTORS_EXCESS,
            f"{rows_file.path.name} holds {held - current.committed_rows:,} rows that were never committed:"
            " the next writer cuts them off",
        )
    expected = {
        row.block: row.crc
        for row in store.conn.exec_driver_sql("SELECT block, crc FROM block WHERE generation_id = ?", (current.id,))
    }
    damaged = damaged_blocks(rows_file.view(current.committed_rows), expected)
    if damaged:
        yield _finding(
            current,
            FindingCode.BLOCKS_DAMAGED,
            f"{len(damaged)} blocks of {rows_file.path.name} do not fit their checksums:"
            f" after a fix the next `search index` embeds their {_THING[current.kind]}s again",
            numbers=tuple(damaged),
        )


def _check_map(conn: Connection, current: GenerationInfo) -> Iterator[Finding]:
    table, thing = ROW_TABLE[current.kind], _THING[current.kind]
    unmapped = current.committed_rows - _count(
        conn,
        current,
        f"SELECT count(*) FROM (SELECT row FROM {table} WHERE generation_id = :id AND row < :rows"
        " UNION SELECT row FROM tombstone WHERE generation_id = :id AND row < :rows)",
    )
    beyond = _count(
        conn,
        current,
        f"SELECT (SELECT count(*) FROM {table} WHERE generation_id = :id AND row >= :rows)"
        " + (SELECT count(*) FROM tombstone WHERE generation_id = :id AND row >= :rows)",
    )
    if unmapped or beyond:
        yield _finding(
            current,
            FindingCode.ROWS_UNMAPPED,
            f"{unmapped:,} rows stand for no {thing} and {beyond:,} lie beyond the committed ones: a fix hides them",
        )
    wrong = _count(conn, current, _WRONGLY_HIDDEN[current.kind])
    if wrong:
        yield _finding(
            current,
            FindingCode.TOMBSTONES,
            f"{wrong:,} rows are hidden though their {thing}s are there, or the reverse: a fix sets that right",
        )


def _check_derived(store: Store, current: GenerationInfo) -> Iterator[Finding]:
    unusable = _index_unusable(store, current)
    if unusable:
        yield _finding(
            current,
            FindingCode.INDEX_UNSOUND,
            f"{unusable}: searches are exact and slower until the next `search index`",
        )
    if current.columns_rows and not _columns_hold(store, current):
        yield _finding(
            current,
            FindingCode.COLUMNS_UNSOUND,
            "the filter columns are missing, damaged or out of date: a fix drops them, the next `search index` makes"
            " them anew",
        )


def _index_unusable(store: Store, current: GenerationInfo) -> str | None:
    """Why the index is bypassed; None where it is not, or there is none."""
    if current.foreign_index:
        return f"another version of search built the index of the {_THING[current.kind]}s"
    try:
        if current.index is not None:
            require_index(store, current, current.index)
    except LibraryDamaged as error:
        return str(error)
    return None


def _columns_hold(store: Store, current: GenerationInfo) -> bool:
    """Are the columns there, and do they say what SQL says of every row that is not known to have changed?"""
    columns = open_columns(store, current.id)
    if columns is None or len(columns) > current.committed_rows:
        return False
    rows, records = read_columns(store.conn, current.id, 0)
    dirty = store.conn.exec_driver_sql(
        "SELECT r.row FROM dirty_asset d JOIN vector_row r"
        " ON r.asset_id = d.asset_id AND r.generation_id = d.generation_id WHERE d.generation_id = :id",
        {"id": current.id},
    )
    settled = (rows < len(columns)) & ~np.isin(rows, np.fromiter(dirty.scalars(), np.int64))
    as_bytes = f"V{COLUMNS.itemsize}"  # NaN is equal to itself this way
    return bool(np.array_equal(columns.take(rows[settled]).view(as_bytes), records[settled].copy().view(as_bytes)))


def _count(conn: Connection, current: GenerationInfo, query: str) -> int:
    return int(conn.exec_driver_sql(query, {"id": current.id, "rows": current.committed_rows}).scalar_one())


def _finding(current: GenerationInfo, code: FindingCode, message: str, *, numbers: tuple[int, ...] = ()) -> Finding:
    return Finding(code, message, fixable=True, generation_id=current.id, numbers=numbers)
