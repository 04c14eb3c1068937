"""Connections to library.sqlite3: one that writes, and readers that each see one snapshot.

SQLAlchemy's own transactions are switched off (AUTOCOMMIT): `transaction` and `snapshot` say BEGIN themselves, so that
what SQLite holds open is what stands in the code.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from core.errors import LibraryError, LibraryNotFound
from db.failures import as_library_error
from db.light import LightConnection
from db.words import read_noted

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

DATABASE = "library.sqlite3"
_BUSY_TIMEOUT_S = 10.0  # a checkpoint of another process may hold the file for a moment

_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers never wait, and never see half a batch
    "PRAGMA synchronous = FULL",  # a committed batch survives a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is forgotten is overwritten, not just unlinked
)

_READER_PRAGMAS = (
    "PRAGMA temp_store = MEMORY",  # the folder for temporary files may be read-only, too
    "PRAGMA mmap_size = 2147418112",  # the most SQLite takes: looking a thousand pictures up takes a quarter less
)


@dataclass(frozen=True, slots=True)
class Store:
    """A library's folder and an open connection to its database: what every function of this package works on."""

    folder: Path
    conn: "Connection"


def connect_writer(folder: Path) -> Store:
    """Open for writing, creating an empty database where there is none. The caller holds the lock.

    Raises:
        LibraryError: not writable, damaged, or no space.
    """
    store = _connect(folder, f"file:{_quoted(folder / DATABASE)}?mode=rwc")
    for pragma in _WRITER_PRAGMAS:
        store.conn.exec_driver_sql(pragma)
    return store


def connect_reader(folder: Path) -> Store:
    """Open for reading; `begin_snapshot` is the caller's next step.

    Raises:
        LibraryNotFound: nothing was ever indexed here.
    """
    return _prepared(folder, _connect)


def connect_light(folder: Path) -> Store:
    """As `connect_reader`, without SQLAlchemy, for queries that stand in SQL (`exec_driver_sql`)."""
    return _prepared(folder, _connect_light)


def _prepared(folder: Path, connect: Callable[[Path, str], Store]) -> Store:
    require_folder(folder)
    database = folder / DATABASE
    if not database.is_file():
        raise LibraryNotFound(f"no library at {folder}: run `search index FOLDER` first")
    immutable = _immutable(folder)
    store = connect(folder, f"file:{_quoted(database)}?mode=ro{immutable}")
    store.conn.info["immutable"] = bool(immutable)
    for pragma in _READER_PRAGMAS:
        store.conn.exec_driver_sql(pragma)
    return store


def require_folder(folder: Path) -> None:
    """A library is a folder, or not there yet.

    Raises:
        LibraryError: a file has this name.
    """
    if folder.is_file():
        raise LibraryError(f"{folder} is a file, and a library is a folder: name another one (--library)")


def begin_snapshot(store: Store) -> None:
    """From here on this connection sees the library as it is now, whatever a writer does."""
    store.conn.exec_driver_sql("BEGIN")
    store.conn.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()  # BEGIN alone takes no snapshot


def end_snapshot(store: Store) -> None:
    """Nothing is held open any more; a writer can fold the whole journal in."""
    store.conn.exec_driver_sql("COMMIT")


def data_version(store: Store) -> int | None:
    """Within a snapshot: differs from that of another snapshot of this connection where somebody wrote in between.

    None where that cannot be told, since SQLite takes for granted that nobody writes (`_immutable`).
    """
    if store.conn.info.get("immutable"):
        return None
    return int(store.conn.exec_driver_sql("PRAGMA data_version").scalar_one())


def file_identity(path: Path) -> tuple[int, int] | None:
    """Which file has this name now; None where there is none."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return None
    return now.st_dev, now.st_ino


@contextmanager
def transaction(store: Store) -> Iterator["Connection"]:
    """All of it, or nothing; an exception rolls back. The texts that it changed are read for keyword search."""
    with _atomically(store.conn, "BEGIN IMMEDIATE"):
        yield store.conn
        read_noted(store.conn)


@contextmanager
def scratch_transaction(conn: "Connection") -> Iterator[None]:
    """One transaction for many rows of temporary tables; takes no lock that others could feel."""
    with _atomically(conn, "BEGIN DEFERRED"):
        yield


@contextmanager
def _atomically(conn: "Connection", begin: str) -> Iterator[None]:
    conn.exec_driver_sql(begin)
    try:
        yield
        conn.exec_driver_sql("COMMIT")
    except BaseException:  # Ctrl-C, too, must leave no transaction open
        if _dbapi(conn).in_transaction:  # a full disk may have rolled it back already
            conn.exec_driver_sql("ROLLBACK")
        raise


def run_many(conn: "Connection", statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """The statement once for each row; not at all for none, which the driver would take for a statement of its own."""
    if rows:
        conn.exec_driver_sql(statement, list(rows))


def plain_rows(conn: "Connection", query: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """All rows as plain tuples: for what is asked with every answer. SQLAlchemy's rows take as long again."""
    found = conn.exec_driver_sql(query, dict(values))
    rows: list[tuple[Any, ...]] = cast("Any", found.cursor).fetchall()
    found.close()
    return rows


def backup_database(store: Store, destination: Path) -> None:
    """A consistent copy of the database, complete or not there at all."""
    partial = destination.with_name(destination.name + ".partial")
    copy = sqlite3.connect(partial)
    try:
        _dbapi(store.conn).backup(copy)
    finally:
        copy.close()
    partial.replace(destination)


def close(store: Store) -> None:
    """Close the connection (and, as the last one, fold the journal into the database)."""
    store.conn.close()
    engine = getattr(store.conn, "engine", None)  # a light connection has none
    if engine is not None:
        engine.dispose()


def _connect_light(folder: Path, uri: str) -> Store:
    # It does what readers ask of SQLAlchemy's, and says so in a test.
    return Store(folder, cast("Connection", LightConnection(lambda: _open(uri), folder)))


def light(store: Store) -> "Connection":
    """The same connection without SQLAlchemy, for the many short statements of a transaction of the store's."""
    return cast("Connection", LightConnection(lambda: _dbapi(store.conn), store.folder))


def _open(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None)


def _connect(folder: Path, uri: str) -> Store:
    from sqlalchemy import NullPool, create_engine, event

    engine = create_engine("sqlite://", creator=lambda: _open(uri), poolclass=NullPool, isolation_level="AUTOCOMMIT")

    @event.listens_for(engine, "handle_error")
    def translate(context: "ExceptionContext") -> None:
        if not isinstance(context.original_exception, Exception):
            context.is_disconnect = False  # Ctrl-C: the file is still open, and the transaction is rolled back below
        known = as_library_error(context.original_exception, folder)
        if known is not None:
            raise known from context.original_exception

    return Store(folder, engine.connect())


def _dbapi(conn: "Connection") -> sqlite3.Connection:
    light = getattr(conn, "dbapi", None)
    return cast("sqlite3.Connection", light or conn.connection.dbapi_connection)


def _quoted(path: Path) -> str:
    return quote(os.fsencode(path.absolute()))


def _immutable(folder: Path) -> str:
    """In a folder that cannot be written SQLite cannot make its shared memory.

    Where that is there, somebody else may be writing, and it is used; nor may a journal with anything in it be passed
    over.
    """
    journal = folder / (DATABASE + "-wal")
    in_use = journal.exists() and (journal.stat().st_size > 0 or (folder / (DATABASE + "-shm")).exists())
    return "" if in_use or os.access(folder, os.W_OK) else "&immutable=1"


def connect_memory(folder: Path) -> Store:
    """An empty database in memory, in place of a library that does not exist."""
    return _connect(folder, "file::memory:")


def checkpoint(store: Store, *, wait_s: float = 0.25) -> None:
    """Fold the journal into the database, so that the library can be copied, or read where nothing can be written.

    Readers that are still at work after twice `wait_s` keep the part they need: then it is done by a later writer.
    """
    store.conn.exec_driver_sql("PRAGMA optimize")
    store.conn.exec_driver_sql(f"PRAGMA busy_timeout = {wait_s * 1000:.0f}")
    store.conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    store.conn.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000:.0f}")
