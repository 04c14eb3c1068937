"""Mends what the doctor found. Never takes the rows of good pictures: what is lost is embedded again by the next index.

Derived files are dropped, not rebuilt: `search index` rebuilds them when they are due.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from db.caption_texts import touch_all_texts
from db.columns import drop_columns
from db.connect import Store, transaction
from db.liveness import settle_touched
from db.places import ROW_TABLE, place_of
from db.records import Finding, FindingCode
from db.recovery import recover
from db.spaces import generation_by_id
from db.tally import count_all, keep_tally
from db.vectors.blocks import BLOCK_ROWS, extend_blocks
from db.words import rebuild_words
from db.writer import LibraryWriter


def fix_library(writer: LibraryWriter, findings: Sequence[Finding]) -> list[Finding]:
    """Mend what can be mended; those of the findings that it took on.

    Args:
        writer: opening it already cut off uncommitted rows and removed stray files.
        findings: what `check_library` found.
    """
    fixed = [finding for finding in findings if finding.fixable and finding.code in _FIXES]
    for finding in fixed:
        _FIXES[finding.code](writer.store, finding)
    return fixed


def _start_anew(store: Store, finding: Finding) -> None:
    """The vector file is lost: an empty next generation takes its place."""
    generation_id = _generation(finding)
    place_of(store, generation_id).next().create()
    with transaction(store) as conn:
        _drop_rows_from(conn, generation_id, 0)
        conn.exec_driver_sql("UPDATE generation SET number = number + 1 WHERE id = ?", (generation_id,))
    recover(store)


def _cut_short(store: Store, finding: Finding) -> None:
    """Keep the whole blocks that are left: of the last one nobody knows how much of it is good."""
    generation_id = _generation(finding)
    rows_file = place_of(store, generation_id).open()
    whole = rows_file.rows_on_disk // BLOCK_ROWS * BLOCK_ROWS
    with transaction(store) as conn:
        _drop_rows_from(conn, generation_id, whole)
    rows_file.truncate(whole)
    recover(store)


def _give_up_blocks(store: Store, finding: Finding) -> None:
    """Hide the rows of damaged blocks for good, and take their bytes as they are for the checksum."""
    generation_id = _generation(finding)
    committed = generation_by_id(store.conn, generation_id).committed_rows
    view = place_of(store, generation_id).open().view(committed)
    with transaction(store) as conn:
        for block in finding.numbers:
            start, end = block * BLOCK_ROWS, min((block + 1) * BLOCK_ROWS, committed)
            given = {"id": generation_id, "start": start, "end": end}
            _unmap(conn, "generation_id = :id AND row >= :start AND row < :end", given)
            conn.exec_driver_sql(
                "INSERT OR IGNORE INTO tombstone VALUES (?, ?)", [(generation_id, row) for row in range(start, end)]
            )
            for number, crc in extend_blocks({}, start, view[start:end]).items():
                conn.exec_driver_sql("INSERT OR REPLACE INTO block VALUES (?, ?, ?)", (generation_id, number, crc))


def _drop_index(store: Store, finding: Finding) -> None:
    with transaction(store) as conn:
        conn.exec_driver_sql("UPDATE generation SET index_record = NULL WHERE id = ?", (_generation(finding),))
    recover(store)  # the file is a stray now


def _drop_columns(store: Store, finding: Finding) -> None:
    with transaction(store) as conn:
        drop_columns(conn, _generation(finding))
    recover(store)


def _map_rows(store: Store, finding: Finding) -> None:
    given = {"id": _generation(finding)}
    beyond = "generation_id = :id AND row >= (SELECT committed_rows FROM generation WHERE id = :id)"
    with transaction(store) as conn:
        _unmap(conn, beyond, given)
        conn.exec_driver_sql(f"DELETE FROM tombstone WHERE {beyond}", given)
        conn.exec_driver_sql(
            """
            INSERT OR IGNORE INTO tombstone
            WITH RECURSIVE numbers (row) AS (
                SELECT 0 UNION ALL SELECT row + 1 FROM numbers
                WHERE row + 1 < (SELECT committed_rows FROM generation WHERE id = :id))
            SELECT :id, row FROM numbers n
            WHERE NOT EXISTS (SELECT 1 FROM vector_row r WHERE r.generation_id = :id AND r.row = n.row)
              AND NOT EXISTS (SELECT 1 FROM caption_row r WHERE r.generation_id = :id AND r.row = n.row)
              AND row < (SELECT committed_rows FROM generation WHERE id = :id)
            """,
            given,
        )


def _settle_all(store: Store, _: Finding) -> None:
    with transaction(store) as conn:
        conn.exec_driver_sql("INSERT OR IGNORE INTO temp.touched SELECT id FROM asset")
        touch_all_texts(conn)
        settle_touched(conn)


def _count_again(store: Store, _: Finding) -> None:
    with transaction(store) as conn:
        last = conn.exec_driver_sql("SELECT max(id) FROM run").scalar_one()
        keep_tally(conn, last, count_all(conn))


def _read_again(store: Store, _: Finding) -> None:
    """A file that the library does not know is new to the next scan."""
    with transaction(store) as conn:
        conn.exec_driver_sql(
            """
            DELETE FROM file WHERE state IN ('present', 'offline', 'missing')
                AND NOT EXISTS (SELECT 1 FROM file_asset fa WHERE fa.file_id = file.id)
            """
        )


def _clear_strays(store: Store, _: Finding) -> None:
    recover(store)


def _read_words_again(store: Store, _: Finding) -> None:
    with transaction(store) as conn:
        rebuild_words(conn)


def _drop_rows_from(conn: Connection, generation_id: int, rows: int) -> None:
    """Only the first `rows` rows count from now on; nothing derived speaks of more."""
    given = {"id": generation_id, "rows": rows, "block": rows // BLOCK_ROWS}
    _unmap(conn, "generation_id = :id AND row >= :rows", given)
    conn.exec_driver_sql("DELETE FROM tombstone WHERE generation_id = :id AND row >= :rows", given)
    conn.exec_driver_sql("DELETE FROM block WHERE generation_id = :id AND block >= :block", given)
    drop_columns(conn, generation_id)
    conn.exec_driver_sql("UPDATE generation SET committed_rows = :rows, index_record = NULL WHERE id = :id", given)


def _unmap(conn: Connection, rows: str, given: dict[str, int]) -> None:
    """These rows stand for nothing any more; a generation has rows of one kind only."""
    for table in ROW_TABLE.values():
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE {rows}", given)


def _generation(finding: Finding) -> int:
    if finding.generation_id is None:
        raise ValueError(f"a finding of kind {finding.code} names its generation")
    return finding.generation_id


_FIXES: Mapping[FindingCode, Callable[[Store, Finding], None]] = {
    FindingCode.VECTORS_LOST: _start_anew,
    FindingCode.VECTORS_SHORT: _cut_short,
    FindingCode.VECTORS_EXCESS: _clear_strays,
    FindingCode.BLOCKS_DAMAGED: _give_up_blocks,
    FindingCode.INDEX_UNSOUND: _drop_index,
    FindingCode.COLUMNS_UNSOUND: _drop_columns,
    FindingCode.ROWS_UNMAPPED: _map_rows,
    FindingCode.TOMBSTONES: _settle_all,
    FindingCode.LIVENESS: _settle_all,
    FindingCode.COUNTS: _count_again,
    FindingCode.FILES_EMPTY: _read_again,
    FindingCode.STRAY_FILES: _clear_strays,
    FindingCode.WORDS: _read_words_again,
    FindingCode.TEXTS_UNUSED: _settle_all,
}
