"""Where a server is found: its socket, and the lock that says it lives.

The lock is the truth: a socket without a locked lock beside it is what a crash left behind, and is replaced.
"""

import os
import selectors
import socket
from contextlib import suppress
from pathlib import Path

from core.errors import SearchError, UsageError
from semantic_image_search.warm.place import make_place

CAN_POST = hasattr(socket, "AF_UNIX")  # Python has none on Windows
_WAITING = 128  # clients that may stand in line before they are let in


class Post:
    """A socket that is listened on, for one library. Made by `open_post`."""

    def __init__(self, place: Path, lock: int, listening: socket.socket) -> None:
        self.place = place
        self._lock = lock
        self._listening = listening
        self._bell, self._hammer = socket.socketpair()
        self._inode = place.stat().st_ino

    def next_visitor(self) -> socket.socket | None:
        """Whoever comes next, connected; None once the post is closed."""
        with selectors.DefaultSelector() as both:
            both.register(self._listening, selectors.EVENT_READ)
            both.register(self._bell, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in both.select()}
                if self._bell in ready:
                    return None
                with suppress(OSError):  # who came has left again
                    return self._listening.accept()[0]

    def leave(self) -> None:
        """Take nobody in any more; `next_visitor` says so. The socket's name goes, if it is still ours."""
        with suppress(OSError):
            if self.place.stat().st_ino == self._inode:
                self.place.unlink()
        self._hammer.send(b"!")

    def close(self) -> None:
        """Another server may come."""
        for one in (self._listening, self._bell, self._hammer):
            one.close()
        os.close(self._lock)


def open_post(library: Path) -> Post:
    """Be the server of this library.

    Raises:
        SearchError: it has one already, or there is no place for a socket.
        UsageError: this system knows no Unix sockets.
    """
    if not CAN_POST:
        raise UsageError("a server needs Unix sockets, which this system does not have")
    place = make_place(library)
    lock = _take_lock(place.with_suffix(".lock"), library)
    listening = socket.socket(socket.AF_UNIX)
    try:
        place.unlink(missing_ok=True)  # a crash left it behind: nobody has its lock
        listening.bind(str(place))
        place.chmod(0o600)
        listening.listen(_WAITING)
        listening.setblocking(False)
        return Post(place, lock, listening)
    except OSError as error:
        listening.close()
        os.close(lock)
        raise SearchError(f"no socket can be made at {place}: {error.strerror or error}") from error


def _take_lock(file: Path, library: Path) -> int:
    import fcntl

    lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.read(lock, 20).decode("ascii", "replace").strip() or "another process"
        os.close(lock)
        raise SearchError(f"{library} has a server already (process {owner}): end that one first") from error
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock
