"""Checks every invariant of a library, and says what is wrong. Changes nothing; `repair` mends what can be mended."""

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import inspect

from core.errors import LibraryDamaged
from db.checks_rows import check_generation
from db.checks_words import check_words
from db.connect import Store, begin_snapshot, close, connect_reader
from db.lock import is_locked
from db.migrate import require_current
from db.places import generation_ids
from db.records import Finding, FindingCode
from db.recovery import named_files, stray_files
from db.schema import metadata
from db.tally import count_all, kept_tally


def check_library(path: Path) -> list[Finding]:
    """Everything that is wrong with the library in the folder `path`; reads every vector once.

    While a writer is at work it may take the files away that this snapshot names; then the next one is looked at.

    Raises:
        LibraryNotFound: there is none.
        LibraryTooOld, LibraryTooNew: of another version; nothing can be said about it.
    """
    writing = is_locked(path)
    findings, named = _check(path, writing=writing)
    before = None
    while writing and findings and named != before:
        before = named
        findings, named = _check(path, writing=writing)
    return findings


def _check(path: Path, *, writing: bool) -> tuple[list[Finding], set[Path]]:
    """The findings of one snapshot, and which files it goes by.

    Args:
        path: the library's folder.
        writing: a batch on its way to disk, a file being built, are no damage then.
    """
    named: set[Path] = set()
    try:
        store = connect_reader(path)
    except LibraryDamaged as error:
        return [_unreadable(error)], named
    try:
        begin_snapshot(store)
        require_current(store)
        findings = [finding for check in _CHECKS for finding in check(store)]
        if not any(finding.code in _FATAL for finding in findings):
            named = named_files(store)
            for generation_id in generation_ids(store.conn):
                findings += check_generation(store, generation_id, writing=writing)
            findings += _texts(store)
            if not writing:
                findings += _stray_files(store)
    except LibraryDamaged as error:
        findings = [_unreadable(error)]
    finally:
        close(store)
    return findings, named


def _unreadable(error: LibraryDamaged) -> Finding:
    """SQLite can make nothing of the database; what it said is the cause of our own error, which names the doctor."""
    return Finding(FindingCode.DATABASE, _damaged(error.__cause__ or error), fixable=False)


def _damaged(what: object) -> str:
    return (
        f"library.sqlite3 is damaged ({what}) and cannot be mended: restore it from a backup, "
        "or move the library's folder away and index again"
    )


_FATAL = frozenset({FindingCode.DATABASE, FindingCode.SCHEMA})


def _database(store: Store) -> Iterator[Finding]:
    answers = store.conn.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    if answers != ["ok"]:
        yield Finding(FindingCode.DATABASE, _damaged(answers[0]), fixable=False)


def _foreign_keys(store: Store) -> Iterator[Finding]:
    broken = {row[0] for row in store.conn.exec_driver_sql("PRAGMA foreign_key_check")}
    if broken:
        yield Finding(
            FindingCode.FOREIGN_KEYS,
            f"rows of {', '.join(sorted(broken))} point to nothing: restore library.sqlite3 from a backup",
            fixable=False,
        )


def _schema(store: Store) -> Iterator[Finding]:
    inspector = inspect(store.conn)
    there = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        missing = (
            {table.name} - there
            or {column.name for column in table.columns} - {c["name"] for c in inspector.get_columns(table.name)}
            or {index.name for index in table.indexes} - {i["name"] for i in inspector.get_indexes(table.name)}
        )
        if missing:
            names = ", ".join(sorted(map(str, missing)))
            yield Finding(
                FindingCode.SCHEMA,
                f"table {table.name} lacks {names}: restore library.sqlite3 from a backup",
                fixable=False,
            )


def _generations(store: Store) -> Iterator[Finding]:
    incomplete = store.conn.exec_driver_sql(
        "SELECT name FROM space s WHERE NOT EXISTS"
        " (SELECT 1 FROM generation g WHERE g.space_id = s.id AND g.kind = 'image')"
    ).scalars()
    for name in incomplete:
        yield Finding(FindingCode.GENERATIONS, f"the space of {name} has no vectors at all", fixable=False)
    orphaned = store.conn.exec_driver_sql(
        "SELECT (SELECT count(*) FROM space) > 0 AND NOT EXISTS (SELECT 1 FROM space WHERE state = 'active')"
    ).scalar_one()
    if orphaned:
        yield Finding(FindingCode.GENERATIONS, "no space answers queries: run `search models use NAME`", fixable=False)


def _liveness(store: Store) -> Iterator[Finding]:
    wrong = store.conn.exec_driver_sql(
        """
        SELECT count(*) FROM asset a WHERE a.live <> EXISTS (
            SELECT 1 FROM file_asset fa JOIN file f ON f.id = fa.file_id
            WHERE fa.asset_id = a.id AND f.state IN ('present', 'offline'))
        """
    ).scalar_one()
    if wrong:
        yield Finding(
            FindingCode.LIVENESS,
            f"{wrong:,} pictures are marked as findable without a file, or the reverse: a fix marks them right",
            fixable=True,
        )
    empty = store.conn.exec_driver_sql(
        """
        SELECT count(*) FROM file f WHERE f.state IN ('present', 'offline', 'missing')
            AND NOT EXISTS (SELECT 1 FROM file_asset fa WHERE fa.file_id = f.id)
        """
    ).scalar_one()
    if empty:
        yield Finding(
            FindingCode.FILES_EMPTY,
            f"{empty:,} files stand for no picture: after a fix the next `search index` reads them again",
            fixable=True,
        )


def _counts(store: Store) -> Iterator[Finding]:
    kept = kept_tally(store.conn)
    if kept is not None and kept != count_all(store.conn):
        yield Finding(
            FindingCode.COUNTS,
            "the numbers of pictures and files that are kept are not theirs: a fix counts them anew",
            fixable=True,
        )


def _stray_files(store: Store) -> Iterator[Finding]:
    found = [str(path.relative_to(store.folder)) for path in stray_files(store)]
    if found:
        yield Finding(
            FindingCode.STRAY_FILES,
            f"{len(found)} files belong to no generation ({found[0]} …): a fix deletes them",
            fixable=True,
            files=tuple(found),
        )


def _texts(store: Store) -> Iterator[Finding]:
    unused = store.conn.exec_driver_sql(
        "SELECT count(*) FROM caption_text t WHERE NOT EXISTS (SELECT 1 FROM caption c WHERE c.text_id = t.id)"
    ).scalar_one()
    if unused:
        yield Finding(
            FindingCode.TEXTS_UNUSED,
            f"{unused:,} caption texts are kept though no picture has them any more: a fix erases them",
            fixable=True,
        )


_CHECKS: tuple[Callable[[Store], Iterator[Finding]], ...] = (
    _database,
    _schema,
    _foreign_keys,
    _generations,
    _liveness,
    _counts,
    check_words,
)
