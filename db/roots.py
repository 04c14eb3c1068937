"""The folders that are indexed again on every refresh, with the options they are walked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ProblemKind, UsageError
from core.indexing import RootOptions
from core.paths import display
from db.connect import Store, transaction
from db.ranges import PathRange
from db.records import RootInfo, RootState
from db.remembered import options_from_json, options_to_json

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

_ROOT = """
    SELECT root.*, (SELECT count(*) FROM file
                    WHERE file.root_id = root.id AND file.state IN ('present', 'offline')) AS files
    FROM root
"""


def list_roots(conn: Connection) -> list[RootInfo]:
    """Every root, by path."""
    return [_root(row) for row in conn.exec_driver_sql(f"{_ROOT} ORDER BY path")]


def root_paths(conn: Connection) -> tuple[bytes, ...]:
    """Where every root is, by path; counts nothing."""
    return tuple(conn.exec_driver_sql("SELECT path FROM root ORDER BY path").scalars())


def root_states(conn: Connection) -> tuple[RootState, ...]:
    """Every root, by path; counts nothing."""
    found = conn.exec_driver_sql("SELECT path, online, offline_reason, last_scan_at FROM root ORDER BY path")
    return tuple(RootState(row.path, bool(row.online), row.offline_reason, row.last_scan_at) for row in found)


def root_holding(conn: Connection, path: bytes) -> RootInfo | None:
    """The root that is `path` or holds it."""
    return next((root for root in list_roots(conn) if path in PathRange.of(root.path)), None)


def remember_root(store: Store, path: bytes, options: RootOptions | None) -> RootInfo:
    """The root for `path`, remembered from now on; None keeps the options it has.

    A path inside a known root gives that root. A path above known roots becomes their root and takes their files.

    Raises:
        UsageError: options for a path inside a root that is walked with others.
    """
    holding = root_holding(store.conn, path)
    if holding is not None and holding.path != path:
        if options is not None and options != holding.options:
            raise UsageError(
                f"{display(path)} is part of {display(holding.path)}, which keeps its own options:"
                " give them together with that folder"
            )
        return holding
    with transaction(store) as conn:
        root_id = _set_options(conn, holding, options) if holding else _insert(conn, path, options)
        _absorb(conn, root_id, path)
    return next(root for root in list_roots(store.conn) if root.id == root_id)


def _set_options(conn: Connection, root: RootInfo, options: RootOptions | None) -> int:
    if options is not None:
        if options.max_megapixels > root.options.max_megapixels:  # what was too large then is worth another look
            conn.exec_driver_sql(
                "UPDATE file SET mtime_ns = -1 WHERE root_id = :id AND state = 'problem' AND problem_kind = :kind",
                {"id": root.id, "kind": ProblemKind.TOO_LARGE.value},
            )
        conn.exec_driver_sql(
            "UPDATE root SET options = :options WHERE id = :id", {"options": options_to_json(options), "id": root.id}
        )
    return root.id


def _insert(conn: Connection, path: bytes, options: RootOptions | None) -> int:
    added = conn.exec_driver_sql(
        "INSERT INTO root (path, path_text, options) VALUES (:path, :text, :options)",
        {"path": path, "text": display(path), "options": options_to_json(options or RootOptions())},
    )
    return int(added.lastrowid)


def _absorb(conn: Connection, root_id: int, path: bytes) -> None:
    """Roots below this one end; their files are this one's from now on."""
    inside = PathRange.of(path)
    given = {"id": root_id, "lower": inside.lower, "upper": inside.upper}
    nested = "root_id IN (SELECT id FROM root WHERE path >= :lower AND path < :upper AND id <> :id)"
    conn.exec_driver_sql(f"UPDATE file SET root_id = :id WHERE {nested}", given)
    conn.exec_driver_sql("DELETE FROM root WHERE path >= :lower AND path < :upper AND id <> :id", given)


def _root(row: Row[tuple[object, ...]]) -> RootInfo:
    return RootInfo(
        id=row.id,
        path=row.path,
        options=options_from_json(row.options),
        online=bool(row.online),
        offline_reason=row.offline_reason,
        device=row.device,
        files=row.files,
        last_scan_at=row.last_scan_at,
    )
