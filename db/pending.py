"""How many new files the last plan saw and no commit has taken up since: "12,000 of 12,400 indexed"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


_KEY = "pending_new"


def set_pending(conn: Connection, files: int) -> None:
    """Remember what a plan found."""
    conn.exec_driver_sql("INSERT OR REPLACE INTO meta VALUES (:key, :files)", {"key": _KEY, "files": str(files)})


def lower_pending(conn: Connection, files: int) -> None:
    """So many of them are dealt with."""
    if files:
        conn.exec_driver_sql(
            "UPDATE meta SET value = max(0, value - :files) WHERE key = :key", {"key": _KEY, "files": files}
        )


def pending(conn: Connection) -> int:
    """New files still waiting."""
    found = conn.exec_driver_sql("SELECT value FROM meta WHERE key = :key", {"key": _KEY}).scalar_one_or_none()
    return 0 if found is None else int(found)
