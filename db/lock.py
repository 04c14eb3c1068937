"""One writer at a time: a lock file, and who holds it."""

import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import OperationalError

from core.errors import LibraryError, LibraryLocked
from db.connect import close, connect_reader, require_folder
from db.vectors.storage import storage_errors

LOCK = "lock"
_A_LOOK_S = 0.2  # `is_locked` takes the lock for an instant: no reason to turn a writer away


def take_lock(folder: Path, *, wait_s: float) -> FileLock:
    """Take the writer's lock, waiting up to `wait_s`. The operating system frees it when the process ends.

    Raises:
        LibraryLocked: another process holds it; says which, where, since when, and what it is doing.
    """
    require_folder(folder)
    with storage_errors(folder / LOCK):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, thread_local=False)
        try:
            lock.acquire(timeout=max(wait_s, _A_LOOK_S))
        except Timeout as error:
            raise _locked(folder) from error
    return lock


def is_locked(folder: Path) -> bool:
    """True while a writer is at work."""
    if not (folder / LOCK).exists() or not os.access(folder, os.W_OK):
        return False
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def require_unlocked(folder: Path) -> None:
    """Raises LibraryLocked, as `take_lock`, while a writer is at work."""
    if is_locked(folder):
        raise _locked(folder)


def _locked(folder: Path) -> LibraryLocked:
    return LibraryLocked(f"{_holder(folder)} is writing to {folder}: wait for it, or stop it")


def _holder(folder: Path) -> str:
    """The run that has not ended, in words; a plain phrase where that cannot be read."""
    with suppress(LibraryError, OperationalError):  # no library yet, or no tables: the holder is just making them
        store = connect_reader(folder)
        try:
            found = store.conn.exec_driver_sql(
                "SELECT pid, host, command, started_at FROM run WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1"
            ).one_or_none()
        finally:
            close(store)
        if found is not None:
            since = datetime.fromtimestamp(found.started_at).astimezone()
            here = "this machine" if found.host == socket.gethostname() else found.host
            return f"`search {found.command}` (process {found.pid} on {here}, since {since:%Y-%m-%d %H:%M:%S})"
    return "another process"
