"""Ends a writer's work at any step, and leaves on disk what a killed process would have left there."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.engine import Engine

Step = Literal["file", "sql"]


class Killed(BaseException):
    """The process ends here; nothing that is done on the way out counts."""


def killed_at(step: Step, number: int, folder: Path, work: Callable[[], object]) -> bool:
    """Do the work until it is about to flush, rename or remove a file (or to run a statement) for the `number`-th time.

    From then on `folder` is as it was at that moment, whatever the exception made of it: close first what has it open.
    False where the work was done before.
    """
    left = folder.with_name(folder.name + ".left")

    def die() -> None:
        # Of what SQLite keeps there the shared memory is worthless without its processes, and the lock is nobody's.
        shutil.copytree(folder, left, ignore=shutil.ignore_patterns("*-shm", "lock"))
        raise Killed

    try:
        with _hooked(step, _Countdown(number, die)):
            work()
    except Killed:
        return True
    return False


def put_back(folder: Path) -> None:
    """Let `folder` be what was left when the work was killed."""
    shutil.rmtree(folder)
    folder.with_name(folder.name + ".left").rename(folder)


class _Countdown:
    """Called once for each step."""

    def __init__(self, number: int, die: Callable[[], None]) -> None:
        self._left = number
        self._die = die

    def __call__(self) -> None:
        self._left -= 1
        if self._left == -1:
            self._die()


@contextmanager
def _hooked(step: Step, each: Callable[[], None]) -> Iterator[None]:
    if step == "sql":

        def before(*_: object) -> None:
            each()

        event.listen(Engine, "before_cursor_execute", before)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", before)
        return

    def counted(plain: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            each()
            return plain(*args, **options)

        return call

    names = ("fsync", "replace", "unlink", "mkdir")
    with patch.multiple(os, **{name: counted(getattr(os, name)) for name in names}):
        yield
