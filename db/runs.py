"""The log of runs, which also says who is writing right now."""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING

from db.tally import keep_tally, tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def end_stale_runs(conn: Connection) -> None:
    """Whoever takes the lock knows that no other run is going on: what has no end was killed."""
    conn.exec_driver_sql("UPDATE run SET finished_at = :now WHERE finished_at IS NULL", {"now": time.time()})


def command_under_way(conn: Connection) -> str | None:
    """What the last run that has no end was asked to do; it may have been killed, which its lock tells."""
    found = conn.exec_driver_sql("SELECT command FROM run WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1")
    return found.scalar_one_or_none()


def start_run(conn: Connection, command: str) -> int:
    """Enter a run of this process; its id. It keeps the tally from here on."""
    known = tally(conn)
    added = conn.exec_driver_sql(
        "INSERT INTO run (pid, host, command, started_at) VALUES (:pid, :host, :command, :now)",
        {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "now": time.time()},
    )
    run_id = int(added.lastrowid)
    keep_tally(conn, run_id, known)
    return run_id


def finish_run(conn: Connection, run_id: int, counts: Mapping[str, object] | None) -> None:
    """It ended; `counts` is what it did, None where it did not get to its end."""
    conn.exec_driver_sql(
        "UPDATE run SET finished_at = :now, counts = :counts WHERE id = :id AND finished_at IS NULL",
        {"now": time.time(), "counts": None if counts is None else json.dumps(counts), "id": run_id},
    )
