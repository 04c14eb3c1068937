"""Captions of pictures: texts kept once each, and which picture (and which of its files) they tell of.

A caption that came with a file leaves with it; one that was imported or generated stays with the picture. Which texts
can be found is `caption_texts`' business, and their vectors are `caption_rows`'.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from core.pictures import Caption, CaptionSource
from db.caption_records import CaptionCounts
from db.caption_texts import CAPTION_HOLDS, settle_texts
from db.connect import Store, run_many, transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

_OF_ASSETS = f"""
    SELECT c.asset_id, c.source, t.text, c.model, c.match, c.kept FROM json_each(:assets) j
    JOIN caption c ON c.asset_id = j.value JOIN caption_text t ON t.id = c.text_id
    LEFT JOIN file f ON f.id = c.file_id
    WHERE {CAPTION_HOLDS}
    ORDER BY c.id
"""
_COUNTS = f"""
    SELECT c.source, count(*) AS captions, count(c.judge) AS judged, sum(NOT c.kept) AS rejected
    FROM caption c CROSS JOIN asset a ON a.id = c.asset_id LEFT JOIN file f ON f.id = c.file_id
    WHERE a.live AND {CAPTION_HOLDS} GROUP BY c.source
"""
_KEPT = f"""
    FROM caption c CROSS JOIN asset a ON a.id = c.asset_id LEFT JOIN file f ON f.id = c.file_id
    WHERE c.kept AND a.live AND {CAPTION_HOLDS}
"""

# +text_id: by the picture's captions, which are few; a text that every picture has would be a long way round.
_ADD = """
    INSERT INTO caption (asset_id, text_id, source, model, match, judge, kept)
    SELECT :asset_id, t.id, :source, :model, :match, :judge, :kept FROM caption_text t
    WHERE t.text = :text AND NOT EXISTS (
        SELECT 1 FROM caption WHERE asset_id = :asset_id AND +text_id = t.id AND source = :source AND model IS :model
            AND file_id IS NULL)
"""


def write_found(conn: Connection, asset_id: int, file_id: int, captions: Sequence[Caption]) -> None:
    """The captions that came with this file are these; those it had already keep what was thought of them."""
    # In the order in which they were found: the first is the best.
    wanted = dict.fromkeys((text_id(conn, one.text), one.source.value) for one in captions)
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
        [(asset_id, file_id, *key) for key in wanted if key not in known],
    )


def add_captions(store: Store, captions: Mapping[int, Sequence[Caption]], *, judge: str | None = None) -> int:
    """Captions that belong to the pictures themselves (by image id): imported or generated ones; how many are new.

    The same text from the same source and model counts once. One without words is none. `judge` is who gave them their
    match, where they have one.
    """
    rows = [
        {
            "asset_id": asset_id,
            "text": caption.text,
            "source": caption.source.value,
            "model": caption.model,
            "match": caption.match,
            "judge": None if caption.match is None else judge,
            "kept": int(caption.kept),
        }
        for asset_id, own in captions.items()
        for caption in own
        if caption.text.strip()
    ]
    if not rows:
        return 0
    with transaction(store) as conn:
        conn.exec_driver_sql("INSERT OR IGNORE INTO caption_text (text) VALUES (:text)", rows)
        added = conn.exec_driver_sql(_ADD, rows).rowcount
        settle_texts(conn)
    return int(added)


def judge_captions(store: Store, judged: Iterable[tuple[int, float, bool]], *, judge: str) -> int:
    """What a judge thinks: (caption id, probability that it fits, kept) each; how many captions there were."""
    values = [(match, judge, int(kept), caption_id) for caption_id, match, kept in judged]
    if not values:
        return 0
    with transaction(store) as conn:
        done = conn.exec_driver_sql("UPDATE caption SET match = ?, judge = ?, kept = ? WHERE id = ?", values).rowcount
        settle_texts(conn)
    return int(done)


def remove_captions(store: Store, assets: Sequence[int], sources: Collection[CaptionSource]) -> int:
    """Drop the captions of these sources that belong to the pictures themselves, not to their files; how many."""
    with transaction(store) as conn:
        gone = conn.exec_driver_sql(
            """
            DELETE FROM caption WHERE file_id IS NULL AND asset_id IN (SELECT value FROM json_each(:assets))
                AND source IN (SELECT value FROM json_each(:sources))
            """,
            {"assets": json.dumps(list(assets)), "sources": json.dumps([source.value for source in sources])},
        ).rowcount
        settle_texts(conn)
    return int(gone)


def captions_of(conn: Connection, assets: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
    """Per picture its captions, the oldest first; the same text from two copies is one."""
    captions: dict[int, dict[Caption, None]] = defaultdict(dict)
    for row in conn.exec_driver_sql(_OF_ASSETS, {"assets": json.dumps(list(assets))}):
        caption = Caption(row.text, CaptionSource(row.source), row.model, row.match, bool(row.kept))
        captions[row.asset_id][caption] = None
    return {asset_id: tuple(unique) for asset_id, unique in captions.items()}


def kept_captions_of(conn: Connection, assets: Sequence[int]) -> dict[int, tuple[Caption, ...]]:
    """As `captions_of`, without those that were judged not to fit: what an answer shows and what is searched."""
    return {image: tuple(one for one in own if one.kept) for image, own in captions_of(conn, assets).items()}


def caption_counts(conn: Connection) -> CaptionCounts:
    """How many captions there are, of pictures that can be found."""
    rows = conn.exec_driver_sql(_COUNTS).all()
    return CaptionCounts(
        captions=sum(row.captions for row in rows),
        texts=conn.exec_driver_sql(f"SELECT count(DISTINCT c.text_id) {_KEPT}").scalar_one(),
        pictures=conn.exec_driver_sql(f"SELECT count(DISTINCT c.asset_id) {_KEPT}").scalar_one(),
        rejected=sum(row.rejected for row in rows),
        judged=sum(row.judged for row in rows),
        sources={CaptionSource(row.source): row.captions for row in rows},
    )


def text_id(conn: Connection, text: str) -> int:
    """The id of this text, known or new."""
    added = conn.exec_driver_sql("INSERT OR IGNORE INTO caption_text (text) VALUES (?)", (text,))
    if added.rowcount:  # most are new, and an insertion costs less than looking first
        return int(added.lastrowid)
    return int(conn.exec_driver_sql("SELECT id FROM caption_text WHERE text = ?", (text,)).scalar_one())
