"""Which version of the tables a library has, and bringing an older one up to date (the writer's business alone).

A new library gets its tables at once, without alembic (0.3 s of import); the migrations are for those that exist. A
test holds both to the same result.
"""

from pathlib import Path

from core.errors import LibraryNotFound, LibraryTooNew, LibraryTooOld
from db.connect import DATABASE, Store, backup_database, transaction
from db.vectors.storage import storage_errors
from db.words import make_words

HISTORY = ("0001", "0002", "0003")
"""Every revision there ever was, oldest first; the last is what this program reads and writes."""

SCRIPTS = Path(__file__).parent / "migrations"


def revision_of(store: Store) -> str | None:
    """The library's revision; None for a database without tables.

    Raises:
        LibraryTooNew: tables that no version of `search` known to this one made.
    """
    tables = set(store.conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise LibraryTooNew(f"{store.folder / DATABASE} was not made by this program: choose another folder")
    return str(store.conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def require_current(store: Store) -> None:
    """For readers, which never migrate.

    Raises:
        LibraryNotFound, LibraryTooOld, LibraryTooNew: with what to do about it.
    """
    found = revision_of(store)
    if found is None:
        raise LibraryNotFound(f"no library at {store.folder}: run `search index FOLDER` first")
    if found == HISTORY[-1]:
        return
    if found in HISTORY:
        raise LibraryTooOld(f"the library {store.folder} is of an older version: run `search index` once to update it")
    raise _too_new(store.folder)


def bring_up_to_date(store: Store, *, history: tuple[str, ...] = HISTORY, scripts: Path = SCRIPTS) -> None:
    """Make the tables, or migrate them after a backup to library.sqlite3.backup-<revision>.

    Raises:
        LibraryTooNew: made by a later version of `search`.
    """
    found = revision_of(store)
    if found == history[-1]:
        return
    if found is None:
        _create(store)
    elif found in history:
        backup = store.folder / f"{DATABASE}.backup-{found}"
        with storage_errors(backup):
            backup_database(store, backup)
        _upgrade(store, scripts)
    else:
        raise _too_new(store.folder)


def _create(store: Store) -> None:
    from db.schema import metadata

    with transaction(store) as conn:
        metadata.create_all(conn, checkfirst=False)
        make_words(conn)
        conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        conn.exec_driver_sql("INSERT INTO alembic_version VALUES (:head)", {"head": HISTORY[-1]})


def _upgrade(store: Store, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = store.conn
    with transaction(store):  # alembic sees a transaction under way and leaves it to us: all migrations, or none
        command.upgrade(config, "head")


def _too_new(folder: Path) -> LibraryTooNew:
    return LibraryTooNew(f"the library {folder} was made by a later version of `search`: update this one")
