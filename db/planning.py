"""Compares what was staged with what is known: which files have to be read, and why.

All of it is done by SQLite in a few statements over the whole scan, so that a refresh of 100,000 unchanged files takes
a second or so and no memory. Leaves to others: the walk (indexer), and judging what vanished (settle).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Row

from core.errors import LibraryNotFound, ProblemKind
from db.connect import close, connect_memory, connect_reader, scratch_transaction
from db.migrate import bring_up_to_date, require_current
from db.records import PlanCounts, ScanEntry, WorkItem, WorkKind
from db.staging import ANY_ROOT, LOOKED_INTO, load_forgotten, make_tables, stage

_PAGE = 500  # work items fetched at once
_PASSING = json.dumps([kind.value for kind in ProblemKind if kind.passing])

_IN_SCOPE = """
    f.root_id IS NOT NULL AND EXISTS (SELECT 1 FROM temp.scope s WHERE s.root_id IN (f.root_id, -1) AND (
        s.subtree IS NULL OR f.path = s.subtree OR (f.path >= s.lower AND f.path < s.upper)))
"""

# Pictures without a row in one of the spaces: found only where the numbers say that there are any.
_LACKING = """
    INSERT OR IGNORE INTO temp.lacking
    SELECT a.id FROM asset a WHERE NOT EXISTS (
        SELECT 1 FROM vector_row r WHERE r.asset_id = a.id AND r.generation_id = :generation_id)
"""

_GONE = f"""
    INSERT INTO temp.gone
    SELECT f.id, f.size, f.mtime_ns, f.sidecars,
        (SELECT a.content_hash FROM file_asset fa JOIN asset a ON a.id = fa.asset_id
         WHERE fa.file_id = f.id AND a.part = 0 AND a.id NOT IN (SELECT asset_id FROM temp.lacking))
    FROM file f
    WHERE f.state <> 'forgotten' AND (({_IN_SCOPE}) OR f.state IN ('missing', 'offline'))
      AND NOT EXISTS (SELECT 1 FROM temp.staged t WHERE t.path = f.path) AND {LOOKED_INTO}
"""

# By its place; what is forgotten for its content only is looked at again when it changes.
_FORGOTTEN = """
    EXISTS (SELECT 1 FROM temp.forgotten_range o WHERE s.path = o.path OR (s.path >= o.lower AND s.path < o.upper))
"""

# A known hash lets the decoder stop after hashing. It is only given where nothing but the hash could be news: not with
# changed sidecars, not where a vector is lacking, not where the date shown is the file's own.
_WORK = f"""
    INSERT INTO temp.work (kind, file_id, root_id, path, size, mtime_ns, sidecars, known_hash)
    SELECT kind, file_id, root_id, path, size, mtime_ns, sidecars,
        CASE kind
        WHEN 'new' THEN (
            SELECT g.content_hash FROM temp.gone g
            WHERE g.size = found.size AND g.mtime_ns = found.mtime_ns AND g.sidecars = found.sidecars LIMIT 1)
        WHEN 'changed' THEN (
            SELECT a.content_hash FROM file_asset fa JOIN asset a ON a.id = fa.asset_id
            WHERE fa.file_id = found.file_id AND a.part = 0 AND found.same_sidecars AND a.taken_source <> 'file'
              AND a.id NOT IN (SELECT asset_id FROM temp.lacking))
        END
    FROM (
        SELECT s.id, f.id AS file_id, s.root_id, s.path, s.size, s.mtime_ns, s.sidecars,
            f.sidecars = s.sidecars AS same_sidecars,
            CASE
            WHEN f.id IS NULL THEN CASE WHEN NOT {_FORGOTTEN} THEN 'new' END
            WHEN f.state = 'forgotten' THEN CASE
                WHEN (f.size IS NOT s.size OR f.mtime_ns IS NOT s.mtime_ns) AND NOT {_FORGOTTEN} THEN 'retry' END
            WHEN f.state IN ('problem', 'ignored') THEN CASE
                WHEN f.size IS NOT s.size OR f.mtime_ns IS NOT s.mtime_ns
                    OR f.problem_kind IN (SELECT value FROM json_each(:passing)) THEN 'retry' END
            WHEN f.size IS NOT s.size OR f.mtime_ns IS NOT s.mtime_ns THEN 'changed'
            WHEN f.sidecars <> s.sidecars THEN 'facts'
            WHEN f.id IN (SELECT file_id FROM temp.backfill) THEN 'backfill'
            END AS kind
        FROM temp.staged s LEFT JOIN file f ON f.path = s.path
        WHERE NOT s.online_only
    ) AS found
    WHERE kind IS NOT NULL
    ORDER BY mtime_ns DESC, id
"""

# One file per picture is enough; one that could not be read this way gives way to a copy.
_BACKFILL = """
    INSERT INTO temp.backfill
    SELECT min(f.id) FROM temp.lacking l
    JOIN file_asset fa ON fa.asset_id = l.asset_id JOIN file f ON f.id = fa.file_id
    JOIN temp.staged s ON s.path = f.path
    WHERE NOT s.online_only
      AND (f.problem_kind IS NULL OR f.problem_kind IN (SELECT value FROM json_each(:passing)))
    GROUP BY l.asset_id
"""


def plan(conn: Connection, space_ids: Sequence[int]) -> PlanCounts:
    """Fill `gone` and `work` from what is staged; how many files of each sort.

    Args:
        conn: with the temporary tables, and a scan staged in them.
        space_ids: the spaces in which every picture should have a vector.
    """
    with scratch_transaction(conn):
        for table in ("gone", "work", "lacking"):
            conn.exec_driver_sql(f"DELETE FROM temp.{table}")
        load_forgotten(conn)
        _find_lacking(conn, space_ids)
        conn.exec_driver_sql(_GONE)
        conn.exec_driver_sql(_WORK, {"passing": _PASSING})
    return _count(conn)


def work(conn: Connection, space_ids: Sequence[int]) -> Iterator[WorkItem]:
    """The planned work, newest file first, fetched in pages: commits in between do not disturb it."""
    last = 0
    while page := conn.exec_driver_sql(
        "SELECT * FROM temp.work WHERE id > :last ORDER BY id LIMIT :page", {"last": last, "page": _PAGE}
    ).all():
        lacking = _lacking_spaces(conn, [row.file_id for row in page if row.file_id is not None], space_ids)
        for row in page:
            yield _item(row, lacking, tuple(space_ids))
        last = page[-1].id


def dry_plan(library: Path, staged: Iterable[tuple[bytes, Iterable[ScanEntry]]]) -> PlanCounts:
    """What indexing these scans (path of the root or folder, entries) would come to. Writes nothing anywhere.

    A library that does not exist yet counts as an empty one.
    """
    try:
        store = connect_reader(library)
    except LibraryNotFound:
        store = connect_memory(library)
        bring_up_to_date(store)
    try:
        require_current(store)
        make_tables(store.conn)
        for path, entries in staged:
            stage(store.conn, ANY_ROOT, entries, path)
        rows = store.conn.exec_driver_sql("SELECT id FROM space WHERE state <> 'retired'")
        return plan(store.conn, list(rows.scalars()))
    finally:
        close(store)


def _find_lacking(conn: Connection, space_ids: Sequence[int]) -> None:
    conn.exec_driver_sql("DELETE FROM temp.backfill")
    assets = conn.exec_driver_sql("SELECT count(*) FROM asset").scalar_one()
    for generation_id in conn.exec_driver_sql(
        "SELECT id FROM generation WHERE kind = 'image' AND space_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json.dumps(list(space_ids))},
    ).scalars():
        given = {"generation_id": generation_id}
        rows = conn.exec_driver_sql(
            "SELECT count(*) FROM vector_row WHERE generation_id = :generation_id", given
        ).scalar_one()
        if rows < assets:
            conn.exec_driver_sql(_LACKING, given)
    if conn.exec_driver_sql("SELECT EXISTS (SELECT 1 FROM temp.lacking)").scalar_one():
        conn.exec_driver_sql(_BACKFILL, {"passing": _PASSING})


def _lacking_spaces(conn: Connection, file_ids: list[int], space_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """For each file the spaces that have no row for one of its pictures."""
    lacking: dict[int, tuple[int, ...]] = {}
    for file_id, space_id in conn.exec_driver_sql(
        """
        SELECT DISTINCT fa.file_id, g.space_id
        FROM file_asset fa JOIN generation g
        WHERE fa.file_id IN (SELECT value FROM json_each(:files))
          AND g.kind = 'image' AND g.space_id IN (SELECT value FROM json_each(:spaces))
          AND NOT EXISTS (SELECT 1 FROM vector_row r WHERE r.asset_id = fa.asset_id AND r.generation_id = g.id)
        ORDER BY g.space_id
        """,
        {"files": json.dumps(file_ids), "spaces": json.dumps(list(space_ids))},
    ):
        lacking[file_id] = (*lacking.get(file_id, ()), space_id)
    return lacking


def _item(row: Row[tuple[object, ...]], lacking: dict[int, tuple[int, ...]], spaces: tuple[int, ...]) -> WorkItem:
    kind = WorkKind(row.kind)
    same_content = kind in {WorkKind.FACTS, WorkKind.BACKFILL}
    return WorkItem(
        file_id=row.file_id,
        root_id=row.root_id,
        path=row.path,
        kind=kind,
        size=row.size,
        mtime_ns=row.mtime_ns,
        sidecars=row.sidecars,
        known_hash=row.known_hash,
        spaces=lacking.get(row.file_id, ()) if same_content else spaces,
    )


# Files that are staged, and that are no work in spite of not being known as pictures.
_IDLE = """
    SELECT coalesce(sum(f.state = 'problem'), 0), coalesce(sum(f.state IN ('ignored', 'forgotten')), 0)
    FROM file f JOIN temp.staged s ON s.path = f.path
    WHERE f.state IN ('problem', 'ignored', 'forgotten')
      AND f.id NOT IN (SELECT w.file_id FROM temp.work w WHERE w.file_id IS NOT NULL)
"""


_KNOWN = """
    SELECT count(*), coalesce(sum(f.id IS NULL), 0), coalesce(sum(f.id IS NULL AND s.online_only), 0)
    FROM temp.staged s LEFT JOIN file f ON f.path = s.path
"""

_VANISHED = f"""
    SELECT count(*) FROM temp.gone g JOIN file f ON f.id = g.file_id
    WHERE f.state IN ('present', 'offline') AND {_IN_SCOPE}
"""


def _count(conn: Connection) -> PlanCounts:
    found = conn.exec_driver_sql("SELECT kind, count(*) AS files FROM temp.work GROUP BY kind")
    kinds: dict[str, int] = {row.kind: row.files for row in found}
    staged, unknown, online_only = conn.exec_driver_sql(_KNOWN).one()
    vanished = conn.exec_driver_sql(_VANISHED).scalar_one()
    broken, passed_over = conn.exec_driver_sql(_IDLE).one()
    passed_over += unknown - online_only - kinds.get("new", 0)  # new ones in a folder that was forgotten
    waiting = sum(kinds.values())
    return replace(
        PlanCounts(**kinds),
        unchanged=staged - online_only - waiting - broken - passed_over,
        broken=broken,
        passed_over=passed_over,
        online_only=online_only,
        vanished=vanished,
        waiting=waiting,
    )
