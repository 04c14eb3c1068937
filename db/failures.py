"""The one place where SQLite's failures become the library's own errors.

Failures of the files beside the database are told by db.vectors.storage.
"""

import sqlite3
from pathlib import Path

from core.errors import LibraryDamaged, LibraryError, LibraryLocked, StorageFull

_ADVICE = {
    sqlite3.SQLITE_READONLY: "the library, or its folder, cannot be written: check who owns it",
    sqlite3.SQLITE_CANTOPEN: "check who may read it and its folder",
    sqlite3.SQLITE_PERM: "check who may read it and its folder",
    sqlite3.SQLITE_IOERR: "check the disk",
}


def as_library_error(error: BaseException, library: Path) -> LibraryError | None:
    """The error to raise instead of `error`; None where it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.DatabaseError) or code is None:
        return None
    return _from_sqlite(code & 0xFF, code, error, library)  # the low byte is the primary result code


def _from_sqlite(primary: int, code: int, error: sqlite3.DatabaseError, library: Path) -> LibraryError | None:
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for the journal's index
        return StorageFull(f"no space left for {library}; nothing committed was lost: free some space and run it again")
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LibraryDamaged(f"{library / 'library.sqlite3'} is damaged ({error}): run `search doctor`")
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LibraryLocked(f"another program holds {library / 'library.sqlite3'} open for writing; try again")
    advice = _ADVICE.get(primary)
    return LibraryError(f"{library / 'library.sqlite3'}: {error} ({code}); {advice}") if advice else None
