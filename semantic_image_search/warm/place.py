"""Where the socket of a library's server lies, and whom we trust there.

In a folder of the user's own, which nobody else may enter (0700): below XDG_RUNTIME_DIR, /run/user/UID or the folder
for temporary files, the first of them that can be used. A client looks in all of them.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from core.errors import SearchError

FOLDER = "search-serve"
_LONGEST = 100  # bytes of a socket's path: the kernel takes 108, macOS 104


def sockets(library: Path) -> Iterator[Path]:
    """Where the socket of this library may lie, the best place first."""
    name = hashlib.sha256(os.fsencode(library)).hexdigest()[:16] + ".sock"
    for folder in _folders():
        socket = folder / name
        if len(os.fsencode(socket)) <= _LONGEST:
            yield socket


def make_place(library: Path) -> Path:
    """Where a new server's socket goes; its folder is there, and ours alone.

    Raises:
        SearchError: there is no such place.
    """
    reasons = []
    for socket in sockets(library):
        try:
            socket.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            reasons.append(f"{socket.parent}: {error.strerror}")
            continue
        if is_ours_alone(socket.parent):
            return socket
        reasons.append(f"{socket.parent} is not yours alone")
    raise SearchError(f"there is no folder for the server's socket ({'; '.join(reasons)}): set XDG_RUNTIME_DIR to one")


def is_ours_alone(folder: Path) -> bool:
    """A folder of this user's that nobody else may enter, and no link to one."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def _folders() -> Iterator[Path]:
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    if named.startswith("/"):
        yield Path(named, FOLDER)
    usual = Path("/run/user", str(os.getuid()))
    if str(usual) != named and usual.is_dir():
        yield usual / FOLDER
    yield Path(os.environ.get("TMPDIR") or "/tmp", f"{FOLDER}-{os.getuid()}")  # noqa: S108 - checked by is_ours_alone
