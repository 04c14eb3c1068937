"""Captions of pictures: texts kept once each, and which picture (and which of its files) they tell of.

A caption that came with a file leaves with it; one that was imported or generated stays with the picture.
"""

import json
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection

from core.pictures import Caption, CaptionSource
from db.connect import run_many

_OF_ASSETS = """
    SELECT c.asset_id, c.source, t.text, c.model, c.match, c.kept FROM json_each(:assets) j
    JOIN caption c ON c.asset_id = j.value JOIN caption_text t ON t.id = c.text_id
    LEFT JOIN file f ON f.id = c.file_id
    WHERE c.file_id IS NULL OR f.state IN ('present', 'offline')
    ORDER BY c.id
"""


def write_found(conn: Connection, asset_id: int, file_id: int, captions: Sequence[Caption]) -> None:
    """The captions that came with this file are these; those it had already keep what was thought of them."""
    wanted = {(text_id(conn, one.text), one.source.value) for one in captions}
    known = {
        (row.text_id, row.source): row.id
        for row in conn.exec_driver_sql(
            "SELECT id, text_id, source FROM caption WHERE file_id = ? AND asset_id = ?", (file_id, asset_id)
        )
    }
    gone = [(number,) for key, number in known.items() if key not in wanted]
    run_many(conn, "DELETE FROM caption WHERE id = ?", gone)
    run_many(
        conn,
        "INSERT INTO caption (asset_id, file_id, text_id, source) VALUES (?, ?, ?, ?)",
        [
            (asset_id, file_id, *key)
            for one in captions  # in the order in which they were found: the first is the best
            if (key := (text_id(conn, one.text), one.source.value)) not in known
        ],
    )


def captions_of(conn: Connection, assets: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
    """Per picture its captions, the oldest first; the same text from two copies is one."""
    captions: dict[int, dict[Caption, None]] = defaultdict(dict)
    for row in conn.exec_driver_sql(_OF_ASSETS, {"assets": json.dumps(list(assets))}):
        caption = Caption(row.text, CaptionSource(row.source), row.model, row.match, bool(row.kept))
        captions[row.asset_id][caption] = None
    return {asset_id: tuple(unique) for asset_id, unique in captions.items()}


def text_id(conn: Connection, text: str) -> int:
    """The id of this text, known or new."""
    found = conn.exec_driver_sql("SELECT id FROM caption_text WHERE text = ?", (text,)).scalar_one_or_none()
    if found is None:
        found = conn.exec_driver_sql("INSERT INTO caption_text (text) VALUES (?)", (text,)).lastrowid
    return int(found)


def drop_unused_texts(conn: Connection) -> int:
    """Delete the texts that no caption holds any more, and their rows; how many."""
    unused = "SELECT id FROM caption_text t WHERE NOT EXISTS (SELECT 1 FROM caption c WHERE c.text_id = t.id)"
    conn.exec_driver_sql(
        f"INSERT OR IGNORE INTO tombstone SELECT generation_id, row FROM caption_row WHERE text_id IN ({unused})"
    )
    conn.exec_driver_sql(f"DELETE FROM caption_row WHERE text_id IN ({unused})")
    return int(conn.exec_driver_sql(f"DELETE FROM caption_text WHERE id IN ({unused})").rowcount)
