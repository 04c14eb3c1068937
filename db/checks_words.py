"""The doctor's check of the index of words: does it say what captions, tags, folders and file names say?"""

from collections.abc import Iterator

from sqlalchemy import Connection

from core.errors import LibraryDamaged
from db.connect import Store
from db.records import Finding, FindingCode
from db.words import expected_words, has_index, has_trigrams, triggers

_PROBED = 200  # texts that are looked up through the index


def check_words(store: Store) -> Iterator[Finding]:
    """What is wrong with keyword search; nothing where this SQLite could not have any."""
    if not has_trigrams(store.conn):
        return
    try:
        wrong = _wrong(store.conn)
    except LibraryDamaged:
        wrong = "the index of words is damaged"
    if wrong is not None:
        yield Finding(FindingCode.WORDS, f"{wrong}: a fix reads all captions, tags and names again", fixable=True)


def _wrong(conn: Connection) -> str | None:
    there = set(conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
    if not has_index(conn) or not there.issuperset(name for name, _ in triggers()):
        return "parts of keyword search are missing"
    held = conn.exec_driver_sql("SELECT count(*) FROM words").scalar_one()
    every = max(1, held // _PROBED)
    texts = differing = lost = 0
    for number, text in expected_words(conn):
        differing += conn.exec_driver_sql("SELECT text FROM words WHERE rowid = ?", (number,)).scalar() != text
        lost += texts % every == 0 and len(text) > 2 and not _finds(conn, number, text)
        texts += 1
    differing = max(differing, abs(held - texts), lost)
    return f"the index of words is wrong about {differing:,} captions, tags or names" if differing else None


def _finds(conn: Connection, number: int, text: str) -> bool:
    found = conn.exec_driver_sql("SELECT 1 FROM words WHERE words MATCH ? AND rowid = ?", (f'"{text}"', number))
    return found.first() is not None
