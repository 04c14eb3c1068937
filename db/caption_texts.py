"""Which caption texts can be found, and so which of their rows. The one place that hides caption rows.

A text can be found while a kept caption of a live picture says it; every other text's rows have a tombstone, and a text
that no caption holds any more is deleted. Temporary triggers note every text whose captions change, whoever changes
them, so that a transaction looks at those few again and never at a million.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.connect import run_many

if TYPE_CHECKING:
    from sqlalchemy import Connection

_WATCHED = (
    "CREATE TEMP TABLE IF NOT EXISTS touched_text (text_id INTEGER PRIMARY KEY)",
    *(
        f"CREATE TEMP TRIGGER IF NOT EXISTS caption_{name} AFTER {event} ON main.caption"
        f" BEGIN INSERT OR IGNORE INTO touched_text VALUES ({row}.text_id); END"
        for name, event, row in (
            ("added", "INSERT", "NEW"),
            ("judged", "UPDATE OF kept", "NEW"),
            ("gone", "DELETE", "OLD"),  # also by a cascade, from its file or its picture
        )
    ),
)

CAPTION_HOLDS = "(c.file_id IS NULL OR f.state IN ('present', 'offline'))"
"""Condition on a caption `c` and its file `f`: it belongs to the picture itself, or its file is there."""

FOUND = f"""
    EXISTS (SELECT 1 FROM caption c CROSS JOIN asset a ON a.id = c.asset_id LEFT JOIN file f ON f.id = c.file_id
            WHERE c.text_id = t.id AND c.kept AND a.live AND {CAPTION_HOLDS})
"""
"""Condition on a text `t`: it can be found. CROSS JOIN: from the text to its captions, never from all pictures."""

_UNUSED = """
    SELECT t.text_id FROM temp.touched_text t WHERE NOT EXISTS (SELECT 1 FROM caption c WHERE c.text_id = t.text_id)
"""
_ROWS = """
    SELECT r.generation_id, r.row
    FROM (SELECT text_id AS id FROM temp.touched_text) t CROSS JOIN caption_row r ON r.text_id = t.id WHERE
"""
_STATEMENTS = (
    f"INSERT OR IGNORE INTO tombstone {_ROWS} NOT {FOUND}",
    f"DELETE FROM tombstone WHERE (generation_id, row) IN ({_ROWS} {FOUND})",
    f"DELETE FROM caption_row WHERE text_id IN ({_UNUSED})",
    f"DELETE FROM caption_text WHERE id IN ({_UNUSED})",
    "DELETE FROM temp.touched_text",
)


def watch_texts(conn: Connection) -> None:
    """From here on this connection notes the texts whose captions change."""
    if not conn.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'caption'").scalar_one():
        return  # a damaged library, opened to be mended: the doctor says so
    for statement in _WATCHED:
        conn.exec_driver_sql(statement)


def touch_texts(conn: Connection, text_ids: list[int]) -> None:
    """These texts, too, are to be looked at again."""
    run_many(conn, "INSERT OR IGNORE INTO temp.touched_text VALUES (?)", [(text_id,) for text_id in text_ids])


def touch_texts_of_pictures(conn: Connection) -> None:
    """The texts of the pictures in temp.touched, whose files are changing."""
    conn.exec_driver_sql(
        "INSERT OR IGNORE INTO temp.touched_text"
        " SELECT c.text_id FROM temp.touched t CROSS JOIN caption c ON c.asset_id = t.asset_id"
    )


def touch_all_texts(conn: Connection) -> None:
    """Every text there is: for a repair."""
    conn.exec_driver_sql("INSERT OR IGNORE INTO temp.touched_text SELECT id FROM caption_text")


def settle_texts(conn: Connection) -> None:
    """Hide, show or delete the texts that were touched, as their captions say now; before the transaction ends."""
    for statement in _STATEMENTS:
        conn.exec_driver_sql(statement)
