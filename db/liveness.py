"""Which pictures are alive, and so which rows may be found. The one place that writes `live` and tombstones.

A picture is alive while one of its files is present or offline. A row may be found while it stands for a live picture;
every other row has a tombstone. Whoever changes files or their pictures marks the pictures with `touch` and calls
`settle_touched` before the transaction ends.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from db.caption_texts import settle_texts, touch_texts_of_pictures
from db.connect import run_many
from db.tags import drop_unused_tags

# CROSS JOIN: SQLite keeps the order of the tables, and so never walks all rows for the few that were touched.
_STATEMENTS = (
    """
    UPDATE asset SET live = NOT live
    WHERE id IN (SELECT asset_id FROM temp.touched) AND live <> EXISTS (
        SELECT 1 FROM file_asset fa JOIN file f ON f.id = fa.file_id
        WHERE fa.asset_id = asset.id AND f.state IN ('present', 'offline'))
    """,
    """
    INSERT OR IGNORE INTO tombstone
    SELECT r.generation_id, r.row FROM temp.touched t
    CROSS JOIN vector_row r ON r.asset_id = t.asset_id CROSS JOIN asset a ON a.id = t.asset_id
    WHERE NOT a.live
    """,
    """
    DELETE FROM tombstone WHERE (generation_id, row) IN (
        SELECT r.generation_id, r.row FROM temp.touched t
        CROSS JOIN vector_row r ON r.asset_id = t.asset_id CROSS JOIN asset a ON a.id = t.asset_id
        WHERE a.live)
    """,
    # The filter columns were written before this change: until they are again, SQL speaks for these rows.
    """
    INSERT OR IGNORE INTO dirty_asset
    SELECT r.generation_id, r.asset_id FROM temp.touched t
    CROSS JOIN vector_row r ON r.asset_id = t.asset_id JOIN generation g ON g.id = r.generation_id
    WHERE r.row < g.columns_rows
    """,
)


def touch(conn: Connection, asset_ids: Iterable[int]) -> None:
    """Something about these pictures, or their files, is changing."""
    run_many(conn, "INSERT OR IGNORE INTO temp.touched VALUES (?)", [(asset_id,) for asset_id in asset_ids])


def touch_pictures_of(conn: Connection, files: str, values: dict[str, object]) -> None:
    """Touch the pictures of the files whose ids the SQL `files` selects."""
    conn.exec_driver_sql(
        f"INSERT OR IGNORE INTO temp.touched SELECT asset_id FROM file_asset WHERE file_id IN ({files})", values
    )


def settle_touched(conn: Connection) -> None:
    """Bring `live`, the tombstones and the dirty list in line with the files, for all that was touched."""
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)
    touch_texts_of_pictures(conn)
    conn.exec_driver_sql("DELETE FROM temp.touched")
    settle_texts(conn)


def drop_orphans(conn: Connection) -> int:
    """Delete the pictures that no file holds any more, with all that is known of them; their rows stay hidden.

    The bytes of their vectors go with the next compaction.
    """
    conn.exec_driver_sql(
        "INSERT OR IGNORE INTO temp.touched SELECT id FROM asset a"
        " WHERE NOT a.live AND NOT EXISTS (SELECT 1 FROM file_asset fa WHERE fa.asset_id = a.id)"
    )
    orphans = "SELECT asset_id FROM temp.touched"
    conn.exec_driver_sql(f"DELETE FROM dirty_asset WHERE asset_id IN ({orphans})")
    conn.exec_driver_sql(f"DELETE FROM vector_row WHERE asset_id IN ({orphans})")
    deleted = conn.exec_driver_sql(f"DELETE FROM asset WHERE id IN ({orphans})").rowcount
    conn.exec_driver_sql("DELETE FROM temp.touched")
    settle_texts(conn)
    drop_unused_tags(conn)
    return int(deleted)
