"""Making bytes last: flushing files and folders to the disk, and saying it plainly when the disk is full."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from core.disk import is_full
from core.errors import LibraryError, StorageFull


@contextlib.contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns an OSError while writing `path` into the tree of errors.

    Raises:
        StorageFull: the disk, the quota or the largest allowed file is full.
        LibraryError: anything else the system refused.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if is_full(error):
            raise StorageFull(
                f"no space to write {path} ({reason}); nothing committed was lost: free some space and run it again"
            ) from error
        raise LibraryError(f"cannot write {path}: {reason}; check the disk and the folder's permissions") from error


def sync_folder(folder: Path) -> None:
    """Makes new names in `folder` last. A no-op on Windows, where a folder cannot be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
