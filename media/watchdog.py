"""Kills processes whose time has passed: one thread watches all of them, since a timer for each file costs more.

What a process was doing, and what is made of its end, is `worker_process`'s.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import subprocess


class Deadline:
    """A process, and when it is killed."""

    def __init__(self, process: "subprocess.Popen[bytes]", timeout_s: float) -> None:
        self.process = process
        self.timeout_s = timeout_s
        self.at = 0.0  # on time.monotonic's clock
        self.passed = False
        self.restart()

    def restart(self) -> None:
        """Its time starts anew. Later is no news to the thread that watches: it looks again when it wakes."""
        self.at = time.monotonic() + self.timeout_s


class Watchdog:
    """A context manager: owns the thread that watches, which starts with the first process to be watched."""

    def __init__(self) -> None:
        self._watched: set[Deadline] = set()
        self._news = threading.Condition()
        self._wakes_at = 0.0
        self._closed = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the thread. Harmless where it was done before."""
        with self._news:
            self._closed = True
            self._news.notify()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    @contextmanager
    def watching(self, process: "subprocess.Popen[bytes]", timeout_s: float) -> Iterator[Deadline]:
        """Kills the process where this lasts longer than `timeout_s`; `passed` says so then."""
        deadline = Deadline(process, timeout_s)
        with self._news:
            self._watched.add(deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True, name="decode-watchdog")
                self._thread.start()
            elif deadline.at < self._wakes_at:
                self._news.notify()
        try:
            yield deadline
        finally:
            with self._news:
                self._watched.discard(deadline)

    def _watch(self) -> None:
        with self._news:
            while not self._closed:
                self._kill_late()
                self._wakes_at = min((one.at for one in self._watched), default=float("inf"))
                wait_s = self._wakes_at - time.monotonic()
                self._news.wait(None if wait_s == float("inf") else max(0.0, wait_s))

    def _kill_late(self) -> None:
        now = time.monotonic()
        for deadline in [one for one in self._watched if one.at <= now]:
            deadline.passed = True
            deadline.process.kill()
            self._watched.discard(deadline)
