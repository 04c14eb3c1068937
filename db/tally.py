"""How many live pictures there are, and files in each state, kept as they come and go: to count a million takes 40 ms.

Temporary triggers of the writer's connection keep the numbers in `meta`, within the transactions that change them,
whatever statement does. They hold only while the last run that was entered is the one that keeps them: every writer
enters one, and what another version of search wrote, which knows nothing of this, came with a run of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records import FileState

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PREFIX = "tally_"
_PICTURES, _RUN = "pictures", "run"
_WATCHED = tuple(
    f"CREATE TEMP TRIGGER IF NOT EXISTS {name} AFTER {event}"
    f" BEGIN UPDATE meta SET value = value + {change} WHERE key = '{_PREFIX}' || {key}; END"
    for name, event, change, key in (
        ("picture_added", "INSERT ON main.asset", "NEW.live", f"'{_PICTURES}'"),
        ("picture_turned", "UPDATE OF live ON main.asset", "NEW.live - OLD.live", f"'{_PICTURES}'"),
        ("picture_gone", "DELETE ON main.asset", "-OLD.live", f"'{_PICTURES}'"),
        ("file_added", "INSERT ON main.file", "1", "NEW.state"),
        ("file_came", "UPDATE OF state ON main.file WHEN NEW.state <> OLD.state", "1", "NEW.state"),
        ("file_left", "UPDATE OF state ON main.file WHEN NEW.state <> OLD.state", "-1", "OLD.state"),
        ("file_gone", "DELETE ON main.file", "-1", "OLD.state"),
    )
)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is kept."""

    pictures: int  # live ones
    files: dict[FileState, int]  # of every state


def watch_counts(conn: Connection) -> None:
    """From here on this connection keeps the numbers that are there."""
    there = conn.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name IN ('asset', 'file', 'meta')")
    if there.scalar_one() == 3:  # else a damaged library, opened to be mended: the doctor says so
        for statement in _WATCHED:
            conn.exec_driver_sql(statement)


def tally(conn: Connection) -> Tally:
    """The numbers as they are kept, else counted."""
    return kept_tally(conn) or count_all(conn)


def kept_tally(conn: Connection) -> Tally | None:
    """None where nobody kept them, or somebody wrote who did not."""
    kept = conn.exec_driver_sql("SELECT key, value FROM meta WHERE key >= ? AND key < ?", (_PREFIX, _PREFIX + "~"))
    numbers = {row.key.removeprefix(_PREFIX): int(row.value) for row in kept}
    last = conn.exec_driver_sql("SELECT max(id) FROM run").scalar_one()
    if not numbers.keys() >= {_RUN, _PICTURES, *FileState} or numbers[_RUN] != last:
        return None
    return Tally(numbers[_PICTURES], {state: numbers[state] for state in FileState})


def count_all(conn: Connection) -> Tally:
    """By looking at all of them."""
    files = dict.fromkeys(FileState, 0)
    for row in conn.exec_driver_sql(
        "SELECT state, count(*) AS files FROM file WHERE state <> 'present' GROUP BY state"
    ):
        files[FileState(row.state)] = row.files
    total = conn.exec_driver_sql("SELECT count(*) FROM file").scalar_one()  # by pages, not by files
    files[FileState.PRESENT] = total - sum(files.values())
    return Tally(conn.exec_driver_sql("SELECT count(*) FROM asset WHERE live").scalar_one(), files)


def keep_tally(conn: Connection, run_id: int, now: Tally) -> None:
    """This run, the last one entered, keeps the numbers; they are these now."""
    numbers = json.dumps({_RUN: run_id, _PICTURES: now.pictures, **now.files})
    conn.exec_driver_sql("INSERT OR REPLACE INTO meta SELECT ? || key, value FROM json_each(?)", (_PREFIX, numbers))
