"""Ctrl-C in a run that keeps what it has finished: the first asks, the second aborts.

Knows signals, and nothing of what a run does.
"""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self, TypeVar

from core.indexing import Progress, ProgressListener

T = TypeVar("T")


class Interrupts:
    """Turns SIGINT into a request while `handled()`.

    The first Ctrl-C raises KeyboardInterrupt only while something is `waited_for`, where nothing can be left half
    done (a transaction cut in two, a connection thrown away); elsewhere it is remembered until the next such place.
    The second raises at once, wherever the run is. Outside the main thread, where Python delivers no signals, a
    Ctrl-C reaches nobody here.
    """

    def __init__(self) -> None:
        self._asked = 0
        self._open = False
        self.ended = False  # a first Ctrl-C ended what was `ending`

    @property
    def aborted(self) -> bool:
        """True once there was a second Ctrl-C."""
        return self._asked > 1

    @contextmanager
    def handled(self) -> Iterator[Self]:
        """Handles SIGINT until left; what was installed before is put back."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = signal.signal(signal.SIGINT, self._on_signal)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """What a first Ctrl-C may end early: `ended` says so then.

        Raises:
            KeyboardInterrupt: at a second one.
        """
        try:
            yield
        except KeyboardInterrupt:
            if self.aborted:
                raise
            self.ended = True

    def checked(self, listener: ProgressListener) -> ProgressListener:
        """The listener; to be told of progress is a place where a run may end."""

        def hear(progress: Progress, /) -> None:
            self.check()
            listener(progress)

        return hear

    def check(self) -> None:
        """A place where a run may end.

        Raises:
            KeyboardInterrupt: there was a Ctrl-C.
        """
        if self._asked:
            raise KeyboardInterrupt

    def waited_for(self, items: Iterable[T]) -> Iterator[T]:
        """The same items; waiting for each of them may be cut short.

        Raises:
            KeyboardInterrupt: at a first Ctrl-C while waiting, or before it began to.
        """
        source = iter(items)
        while True:
            with self._set(True):
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item

    def undisturbed(self, items: Iterable[T]) -> Iterator[T]:
        """The same items, taken without a first Ctrl-C cutting in: for a source inside one that is `waited_for`."""
        source = iter(items)
        while True:
            with self._set(False):
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def _set(self, is_open: bool) -> Iterator[None]:
        before, self._open = self._open, is_open
        try:
            if is_open:
                self.check()
            yield
        finally:
            self._open = before
        if before:
            self.check()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked += 1
        if self._open or self.aborted:
            raise KeyboardInterrupt
