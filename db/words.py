"""Keeps the index of words (SQLite's FTS5 over trigrams) in line with the texts that can be searched by keyword.

Each caption text, tag, folder and file name is read once, however many pictures it tells of: which those are, and
whether they may be found, is looked up when somebody asks (`db.keywords`). Triggers note which texts came, went or
changed, and `transaction` has them read before it commits, so that no snapshot ever holds one without the other. Where
this SQLite has no trigrams (before 3.34, or built without FTS5) the notes wait for one that has.
"""

from __future__ import annotations

import os
import sqlite3
from enum import IntEnum
from typing import TYPE_CHECKING

from core.words import spaced
from db.ranges import PathRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection


class TextKind(IntEnum):
    """What a text of the index is; the last two bits of its rowid."""

    CAPTION = 0
    TAG = 1
    FOLDER = 2
    FILE = 3


BITS = 2
"""Of a rowid, for the kind: rowid = id << BITS | kind."""

TOKENIZER = "trigram case_sensitive 1"  # the texts are folded already
_TRIGRAMS_SINCE = (3, 34, 0)
_PAGE = 5_000  # texts read at once

# Table, kind, the column that holds the text, and whether it ever changes.
_TEXTS = (
    ("caption_text", TextKind.CAPTION, "text", False),
    ("tag", TextKind.TAG, "name", True),
    ("folder", TextKind.FOLDER, "path", True),
    ("file", TextKind.FILE, "path", True),
)


def make_words(conn: Connection) -> None:
    """The triggers, and the index where this SQLite can have one: for a library that has its tables already."""
    for _, trigger in triggers():
        conn.exec_driver_sql(trigger)
    if has_trigrams(conn):
        _make_index(conn)


def has_trigrams(conn: Connection) -> bool:
    """Does this SQLite know FTS5 and its trigrams?"""
    known: bool | None = conn.info.get("trigrams")
    if known is None:
        modules = "SELECT EXISTS (SELECT 1 FROM pragma_module_list WHERE name = 'fts5')"
        known = sqlite3.sqlite_version_info >= _TRIGRAMS_SINCE and bool(conn.exec_driver_sql(modules).scalar_one())
        conn.info["trigrams"] = known
    return known


def read_noted(conn: Connection) -> None:
    """Bring the index in line with the texts that came, went or changed; the last step of a transaction."""
    if conn.exec_driver_sql("SELECT NOT EXISTS (SELECT 1 FROM unread_text)").scalar_one() or not has_trigrams(conn):
        return
    if not has_index(conn):
        _make_index(conn)
    read = _readers(conn)
    for table, kind, column, _ in _TEXTS:
        for page in _noted(conn, table, kind, column):
            _write(conn, kind, [(number, read[kind](text)) for number, text in page if text is not None])
            _remove(conn, kind, [number for number, text in page if text is None])
    conn.exec_driver_sql("DELETE FROM unread_text")


def has_index(conn: Connection) -> bool:
    """Is there an index of words at all?"""
    found = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'words')"
    return bool(conn.exec_driver_sql(found).scalar_one())


def rebuild_words(conn: Connection) -> None:
    """Make the triggers and the index anew, and read every text again."""
    for name, trigger in triggers():
        conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        conn.exec_driver_sql(trigger)
    if has_trigrams(conn):
        conn.exec_driver_sql("DROP TABLE IF EXISTS words")
    for table, kind, _, _ in _TEXTS:
        conn.exec_driver_sql(f"INSERT OR IGNORE INTO unread_text SELECT {kind:d}, id FROM {table}")
    read_noted(conn)


def purge_words(conn: Connection) -> None:
    """Leave no trace of texts that went, now or earlier: until segments are merged, they are only marked as deleted.

    A merged index is left alone (0.2 ms); merging that of a million texts takes seconds.
    """
    read_noted(conn)
    if has_trigrams(conn) and has_index(conn):
        conn.exec_driver_sql("INSERT INTO words (words) VALUES ('optimize')")


def _make_index(conn: Connection) -> None:
    conn.exec_driver_sql(f"CREATE VIRTUAL TABLE words USING fts5(text, tokenize = '{TOKENIZER}', columnsize = 0)")


def triggers() -> Iterator[tuple[str, str]]:
    """What notes that texts came, went or changed: names and statements."""
    for statement in _triggers():
        yield statement.split()[2], statement


def expected_words(conn: Connection) -> Iterator[tuple[int, str]]:
    """What the index should hold: rowids and folded words of every text."""
    read = _readers(conn)
    for table, kind, column, _ in _TEXTS:
        for row in conn.exec_driver_sql(f"SELECT id, {column} AS text FROM {table}"):
            yield row.id << BITS | kind, read[kind](row.text)


def _triggers() -> Iterator[str]:
    note = "INSERT OR IGNORE INTO unread_text"
    for table, kind, column, changes in _TEXTS:
        head = f"CREATE TRIGGER words_{table}"
        yield f"{head}_insert AFTER INSERT ON {table} BEGIN {note} VALUES ({kind:d}, NEW.id); END"
        yield f"{head}_delete AFTER DELETE ON {table} BEGIN {note} VALUES ({kind:d}, OLD.id); END"
        if changes:
            change = f"UPDATE OF {column} ON {table} WHEN OLD.{column} <> NEW.{column}"
            yield f"{head}_update AFTER {change} BEGIN {note} VALUES ({kind:d}, NEW.id); END"
    # Folders are read from their root's name on: with another root, other words.
    below = f"SELECT {TextKind.FOLDER:d}, id FROM folder WHERE substr(path, 1, length({{0}}.path)) = {{0}}.path"
    for event, row in (("insert", "NEW"), ("delete", "OLD")):
        yield f"CREATE TRIGGER words_root_{event} AFTER {event.upper()} ON root BEGIN {note} {below.format(row)}; END"


def _noted(conn: Connection, table: str, kind: TextKind, column: str) -> Iterator[list[tuple[int, str | bytes | None]]]:
    """Pages of what was noted: id and text; None where it is gone."""
    query = (
        f"SELECT n.id, t.{column} AS text FROM unread_text n LEFT JOIN {table} t ON t.id = n.id"
        " WHERE n.kind = :kind AND n.id > :last ORDER BY n.id LIMIT :page"
    )
    last, more = -1, True
    while more:
        found = conn.exec_driver_sql(query, {"kind": int(kind), "last": last, "page": _PAGE})
        page: list[tuple[int, str | bytes | None]] = [(number, text) for number, text in found]
        if page:
            last = page[-1][0]
            yield page
        more = len(page) == _PAGE


def _write(conn: Connection, kind: TextKind, texts: Sequence[tuple[int, str]]) -> None:
    rows = [(number << BITS | kind, text) for number, text in texts]
    if rows:
        conn.exec_driver_sql("INSERT OR REPLACE INTO words (rowid, text) VALUES (?, ?)", rows)


def _remove(conn: Connection, kind: TextKind, numbers: Sequence[int]) -> None:
    if numbers:
        conn.exec_driver_sql("DELETE FROM words WHERE rowid = ?", [(number << BITS | kind,) for number in numbers])


def _readers(conn: Connection) -> dict[TextKind, Callable[..., str]]:
    """Per kind, from what its table holds to folded words."""
    roots = [PathRange.of(path) for path in conn.exec_driver_sql("SELECT path FROM root").scalars()]
    return {
        TextKind.CAPTION: spaced,
        TextKind.TAG: spaced,
        TextKind.FOLDER: lambda path: spaced(_from_root(path, roots).decode("utf-8", "replace")),
        TextKind.FILE: lambda path: spaced(os.path.splitext(os.path.basename(path))[0].decode("utf-8", "replace")),  # noqa: PTH119, PTH122
    }


def _from_root(folder: bytes, roots: Sequence[PathRange]) -> bytes:
    """The path from its root's own name on; outside of all roots only its own name.

    What lies above ("home", "Pictures") is the same for everything and says nothing.
    """
    above = [os.path.dirname(root.path) for root in roots if folder in root]  # noqa: PTH120 - bytes
    longest = max(above, key=len, default=os.path.dirname(folder))  # noqa: PTH120
    return folder[len(longest) :]
