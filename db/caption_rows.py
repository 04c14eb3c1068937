"""The vectors of caption texts: rows of their own in each space, so that text never swamps pictures.

A row stands for a text, however many pictures say it. As with pictures, the bytes are on disk before SQLite knows of
them (invariant 1). The generation is made when the first text is embedded.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from core.models import VectorKind
from db.caption_records import CaptionCandidate
from db.caption_texts import FOUND, settle_texts, touch_texts
from db.connect import Store, run_many, transaction
from db.rows import append_half, half, record_blocks
from db.spaces import find_generation, make_generation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from core.arrays import RowNumbers, Vectors
    from db.records import GenerationInfo, SpaceInfo

_PAGE = 5_000
_NOT_EMBEDDED = f"""
    FROM caption_text t
    WHERE NOT EXISTS (SELECT 1 FROM caption_row r WHERE r.text_id = t.id AND r.generation_id = :generation_id)
      AND {FOUND}
"""


def unembedded_texts(conn: Connection, space: SpaceInfo) -> Iterator[tuple[int, str]]:
    """(id, text) of every text that can be found and has no vector in this space, in pages; each once."""
    last = -1
    query = f"SELECT t.id, t.text {_NOT_EMBEDDED} AND t.id > :last ORDER BY t.id LIMIT :page"
    while page := conn.exec_driver_sql(query, {**_given(conn, space), "last": last, "page": _PAGE}).all():
        last = page[-1].id
        yield from ((row.id, row.text) for row in page)


def count_unembedded(conn: Connection, space: SpaceInfo) -> int:
    """How many texts `unembedded_texts` has."""
    return int(conn.exec_driver_sql(f"SELECT count(*) {_NOT_EMBEDDED}", _given(conn, space)).scalar_one())


def commit_texts(store: Store, space: SpaceInfo, text_ids: Sequence[int], vectors: Vectors) -> int:
    """Store the vectors of these texts, float32 (n, dim): on disk first, then in one transaction; how many are new.

    Raises:
        StorageFull: nothing of this batch was stored.
        ValueError: vectors of another length, or not finite.
    """
    if len(text_ids) != len(vectors):
        raise ValueError(f"expected a vector for each of {len(text_ids):,} texts, got {len(vectors):,}")
    current = find_generation(store.conn, space.id, VectorKind.CAPTION)
    if current is None:
        current = make_generation(store, space, VectorKind.CAPTION)
    fresh = {text_id: vector for text_id, vector in zip(text_ids, vectors, strict=True)}  # noqa: C416 - each text once
    for text_id in _with_rows(store.conn, current, text_ids):
        fresh.pop(text_id, None)
    if not fresh:
        return 0
    first = current.committed_rows
    with ExitStack() as undo:
        blocks = append_half(store, current.id, first, half(list(fresh.values()), space.dim), undo)
        with transaction(store) as conn:
            mapped = [(current.id, row, text_id) for row, text_id in enumerate(fresh, first)]
            run_many(conn, "INSERT INTO caption_row VALUES (?, ?, ?)", mapped)
            record_blocks(conn, current.id, first + len(fresh), blocks)
            touch_texts(conn, list(fresh))
            settle_texts(conn)
        undo.pop_all()
    return len(fresh)


def caption_candidates(
    conn: Connection, generation_id: int, rows: RowNumbers, scores: Sequence[float]
) -> list[CaptionCandidate]:
    """The texts of these rows with their scores, in their order."""
    given = {"id": generation_id, "rows": str(np.asarray(rows).tolist())}
    found = {
        row.row: row
        for row in conn.exec_driver_sql(
            "SELECT r.row, t.id, t.text FROM json_each(:rows) j"
            " JOIN caption_row r ON r.generation_id = :id AND r.row = j.value JOIN caption_text t ON t.id = r.text_id",
            given,
        )
    }
    return [
        CaptionCandidate(found[int(row)].id, found[int(row)].text, float(score))
        for row, score in zip(rows, scores, strict=True)
        if int(row) in found
    ]


def _with_rows(conn: Connection, current: GenerationInfo, text_ids: Sequence[int]) -> list[int]:
    """Which of these texts have a row already."""
    return list(
        conn.exec_driver_sql(
            "SELECT r.text_id FROM json_each(:texts) j CROSS JOIN caption_row r"
            " ON r.text_id = j.value AND r.generation_id = :id",
            {"texts": str(list(text_ids)), "id": current.id},
        ).scalars()
    )


def _given(conn: Connection, space: SpaceInfo) -> dict[str, object]:
    """Before the first text is embedded there is no generation, and no row of one."""
    current = find_generation(conn, space.id, VectorKind.CAPTION)
    return {"generation_id": -1 if current is None else current.id}
