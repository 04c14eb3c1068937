"""What is left to do about captions: those nobody judged, and pictures without one.

Fetched in pages, so that what is done may be committed in between; each is given once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from core.pictures import CaptionSource
from db.caption_records import CaptionRecord, PictureRecord
from db.caption_texts import CAPTION_HOLDS
from db.pictures import best_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

_PAGE = 1_000

# Picture by picture, so that each is looked at once; what another judge thought is no answer.
_TO_JUDGE = f"""
    SELECT c.id, c.asset_id, a.content_hash, t.text, c.source
    FROM caption c JOIN asset a ON a.id = c.asset_id JOIN caption_text t ON t.id = c.text_id
    LEFT JOIN file f ON f.id = c.file_id
    WHERE (c.asset_id, c.id) > (:asset_id, :id) AND c.judge IS NOT :judge AND a.live AND {CAPTION_HOLDS}
    ORDER BY c.asset_id, c.id LIMIT :page
"""
_UNCAPTIONED = """
    SELECT a.id, a.content_hash FROM asset a
    WHERE a.id > :id AND a.live
      AND NOT EXISTS (SELECT 1 FROM caption c
                      WHERE c.asset_id = a.id AND c.source = 'generated' AND c.model = :model)
"""
_IN_REACH = """
    EXISTS (SELECT 1 FROM file_asset fa JOIN file f ON f.id = fa.file_id
            WHERE fa.asset_id = a.id AND f.state = 'present')
"""
_WITHOUT = f"{_UNCAPTIONED} AND {_IN_REACH} ORDER BY a.id LIMIT :page"
_OFFLINE = f"{_UNCAPTIONED} AND NOT {_IN_REACH} LIMIT :page"


def captions_to_judge(conn: Connection, judge: str) -> Iterator[CaptionRecord]:
    """The captions of live pictures that this judge has not looked at, those of one picture in a row."""
    last = (-1, -1)
    while page := conn.exec_driver_sql(
        _TO_JUDGE, {"asset_id": last[0], "id": last[1], "judge": judge, "page": _PAGE}
    ).all():
        paths = _paths(conn, [row.asset_id for row in page])
        for row in page:
            if row.asset_id in paths:  # else a writer hid the picture since
                source = CaptionSource(row.source)
                yield CaptionRecord(row.id, row.asset_id, paths[row.asset_id], row.content_hash, row.text, source)
        last = (page[-1].asset_id, page[-1].id)


def pictures_without_caption(conn: Connection, model: str) -> Iterator[PictureRecord]:
    """The pictures with a file that can be read now, for which this model wrote no caption."""
    last = -1
    while page := conn.exec_driver_sql(_WITHOUT, {"id": last, "model": model, "page": _PAGE}).all():
        paths = _paths(conn, [row.id for row in page])
        yield from (PictureRecord(row.id, paths[row.id], row.content_hash) for row in page if row.id in paths)
        last = page[-1].id


def count_to_judge(conn: Connection, judge: str) -> int:
    """How many captions `captions_to_judge` has."""
    return _count(conn, _TO_JUDGE, {"asset_id": -1, "id": -1, "judge": judge})


def count_without_caption(conn: Connection, model: str) -> int:
    """How many pictures `pictures_without_caption` has."""
    return _count(conn, _WITHOUT, {"id": -1, "model": model})


def count_offline_without_caption(conn: Connection, model: str) -> int:
    """How many pictures this model wrote no caption for and cannot be read now, since their drive is away."""
    return _count(conn, _OFFLINE, {"id": -1, "model": model})


def _count(conn: Connection, query: str, values: dict[str, object]) -> int:
    return int(conn.exec_driver_sql(f"SELECT count(*) FROM ({query})", {**values, "page": -1}).scalar_one())


def _paths(conn: Connection, assets: Sequence[int]) -> dict[int, bytes]:
    """The best file of each of these pictures."""
    return {asset_id: files[0][2] for asset_id, files in best_files(conn, json.dumps(list(set(assets)))).items()}
