"""Large pictures one at a time across processes, through a lock on a file that they share.

The system frees the lock of a process that dies. Where there is no flock (Windows) nothing is held back.
"""

import gc
import os
import sys
import time
from collections.abc import Callable

LARGE_BYTES = 256 * 1024 * 1024  # a 12 megapixel HEIC takes 144 MB and passes; a 48 megapixel one waits its turn
_POLL_S = 0.05
_SAY_SO_S = 1.0


class LargePictureGate:
    """A gate for `decode_picture`.

    Args:
        path: the shared file; must exist.
        on_wait: called about once a second while another process holds the gate.
    """

    def __init__(self, path: bytes, *, on_wait: Callable[[], None]) -> None:
        self._descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        self._on_wait = on_wait
        self._held = False

    def __call__(self, working_bytes: int) -> None:
        """Returns at once for a small picture; for a large one, when no other process decodes one."""
        if working_bytes < LARGE_BYTES or self._held:
            return
        said = time.monotonic()
        while not _try_lock(self._descriptor):
            time.sleep(_POLL_S)
            if time.monotonic() - said > _SAY_SO_S:
                self._on_wait()
                said = time.monotonic()
        self._held = True
        self._on_wait()  # the time spent waiting is not the file's

    def release(self) -> None:
        """Lets the next one in. Called after every picture, large or not."""
        if self._held:
            gc.collect()  # Pillow's images refer to themselves in circles
            self._held = False
            _unlock(self._descriptor)


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unlock(descriptor: int) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_UN)
