"""What a scan saw, in temporary tables of the writer's (or a dry run's) connection.

    staged  every file that the walk found
    scope   what was walked: whole roots, or folders in them
    unread  folders in there that could not be looked into: what they hold is neither seen nor gone
    gone    known files that should be in the scope and were not found, and those known to be missing or offline
    work    what has to be read, newest first: its id is the order
    lost    the known files of one scope that are not staged, while it is settled

Leaves to others: the comparison that fills `gone` and `work` (planning), and judging what vanished (settle).
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import Connection

from db.connect import run_many, scratch_transaction
from db.ranges import PathRange
from db.records import ScanEntry

ANY_ROOT = -1  # a dry run may scan folders that no root holds yet: the path alone says what was walked
_MOST = 2**63 - 1
_CHUNK = 5_000  # entries per INSERT: memory stays flat, the overhead of a statement does not show

_TABLES = (
    """
    CREATE TEMP TABLE IF NOT EXISTS staged (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, root_id INTEGER NOT NULL,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sidecars BLOB NOT NULL, online_only INTEGER NOT NULL)
    """,
    """
    CREATE TEMP TABLE IF NOT EXISTS scope (
        root_id INTEGER NOT NULL, subtree BLOB, lower BLOB, upper BLOB)
    """,
    "CREATE TEMP TABLE IF NOT EXISTS unread (path BLOB, lower BLOB, upper BLOB)",
    """
    CREATE TEMP TABLE IF NOT EXISTS gone (
        file_id INTEGER PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sidecars BLOB, content_hash BLOB)
    """,
    "CREATE INDEX IF NOT EXISTS temp.gone_stat ON gone (size, mtime_ns)",
    """
    CREATE TEMP TABLE IF NOT EXISTS work (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, file_id INTEGER, root_id INTEGER NOT NULL, path BLOB NOT NULL,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sidecars BLOB NOT NULL, known_hash BLOB)
    """,
    # Pictures without a row in one of the spaces, and for each of them one file to read.
    "CREATE TEMP TABLE IF NOT EXISTS lacking (asset_id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS backfill (file_id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS forgotten_range (path BLOB, lower BLOB, upper BLOB)",
    "CREATE TEMP TABLE IF NOT EXISTS lost (file_id INTEGER PRIMARY KEY)",
    # Pictures whose liveness a transaction has to look at again.
    "CREATE TEMP TABLE IF NOT EXISTS touched (asset_id INTEGER PRIMARY KEY)",
)


LOOKED_INTO = """
    NOT EXISTS (SELECT 1 FROM temp.unread u WHERE f.path = u.path OR (f.path >= u.lower AND f.path < u.upper))
"""
"""Condition on a file `f`: it is not in a folder that could not be looked into."""


def make_tables(conn: Connection) -> None:
    """The temporary tables, empty."""
    for table in _TABLES:
        conn.exec_driver_sql(table)


def clear_staging(conn: Connection) -> None:
    """Forget what was scanned."""
    for table in ("staged", "scope", "unread", "gone", "work", "lacking", "lost"):
        conn.exec_driver_sql(f"DELETE FROM temp.{table}")


def stage(conn: Connection, root_id: int, entries: Iterable[ScanEntry], subtree: bytes | None) -> int:
    """Take in the scan of one root, or of one folder (or file) in it; how many entries. A path counts once."""
    inside = None if subtree is None else PathRange.of(subtree)
    conn.exec_driver_sql(
        "INSERT INTO temp.scope VALUES (:root_id, :subtree, :lower, :upper)",
        {
            "root_id": root_id,
            "subtree": subtree,
            "lower": inside and inside.lower,
            "upper": inside and inside.upper,
        },
    )
    return sum(_insert(conn, root_id, chunk) for chunk in _chunks(entries))


def load_forgotten(conn: Connection) -> None:
    """Make the forgotten paths ranges that a scan can be compared with."""
    conn.exec_driver_sql("DELETE FROM temp.forgotten_range")
    ranges = [PathRange.of(path) for path in conn.exec_driver_sql("SELECT path FROM forgotten_path").scalars()]
    run_many(conn, "INSERT INTO temp.forgotten_range VALUES (?, ?, ?)", [(r.path, r.lower, r.upper) for r in ranges])


def note_unread(conn: Connection, paths: Iterable[bytes]) -> None:
    """These folders (or files) could not be looked into."""
    ranges = [PathRange.of(path) for path in paths]
    with scratch_transaction(conn):
        run_many(conn, "INSERT INTO temp.unread VALUES (?, ?, ?)", [(r.path, r.lower, r.upper) for r in ranges])


def storable(mtime_ns: int) -> int:
    """A file time that SQLite can hold: its 64 bits end in 2262, those of some file systems later."""
    return max(-_MOST, min(mtime_ns, _MOST))


def _insert(conn: Connection, root_id: int, chunk: list[ScanEntry]) -> int:
    with scratch_transaction(conn):
        conn.exec_driver_sql(
            "INSERT OR IGNORE INTO temp.staged (path, root_id, size, mtime_ns, sidecars, online_only)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(e.path, root_id, e.size, storable(e.mtime_ns), e.sidecars, e.online_only) for e in chunk],
        )
    return len(chunk)


def _chunks(entries: Iterable[ScanEntry]) -> Iterator[list[ScanEntry]]:
    iterator = iter(entries)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
