"""Opening a library for writing: the lock, the tables, and what a crash left behind."""

from pathlib import Path

from db.caption_texts import watch_texts
from db.connect import Store, close, connect_writer, transaction
from db.lock import take_lock
from db.migrate import bring_up_to_date
from db.recovery import recover
from db.runs import end_stale_runs, start_run
from db.staging import make_tables
from db.tally import watch_counts
from db.writer import LibraryWriter


def open_writer(path: Path, *, command: str, wait_s: float = 0.0) -> LibraryWriter:
    """Open (or make) the library in the folder `path` for writing.

    Migrates an older one after a backup, cuts off vector bytes that were never committed, and removes files that
    belong to no generation.

    Args:
        path: the library's folder; made where it is missing.
        command: what this run is called, for whoever finds the library locked ("index").
        wait_s: how long to wait for another writer.

    Raises:
        LibraryLocked: another process is writing; says which.
        LibraryTooNew: a later version of `search` made it.
        LibraryDamaged: SQLite cannot read it. Damaged vectors are left to the doctor; `plan` refuses them.
        StorageFull: no space.
    """
    lock = take_lock(path, wait_s=wait_s)
    try:
        store, run_id = _open(path, command)
    except BaseException:
        lock.release()
        raise
    return LibraryWriter(store, lock, run_id)


def _open(path: Path, command: str) -> tuple[Store, int]:
    """The connection, ready for work, and the id of this run."""
    store = connect_writer(path)
    try:
        bring_up_to_date(store)
        make_tables(store.conn)
        watch_texts(store.conn)
        watch_counts(store.conn)
        with transaction(store) as conn:
            end_stale_runs(conn)
            run_id = start_run(conn, command)
        recover(store)
    except BaseException:
        close(store)
        raise
    return store, run_id
