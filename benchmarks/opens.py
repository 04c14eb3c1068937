"""Which files any process opened while something ran: Linux's inotify, asked from outside.

It sees what a hook inside a process cannot: libraries written in C, and processes started by it.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError

# linux/inotify.h
_OPEN = 0x20
_IS_FOLDER = 0x40000000
_OVERFLOW = 0x4000
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, length of the name behind it
_READ = 1 << 20


@contextmanager
def opened_below(folder: Path) -> Iterator[list[bytes]]:
    """The paths of the files below `folder` that were opened meanwhile, filled in at the end; each once, sorted.

    Folders that are listed do not count, nor those made meanwhile.

    Raises:
        BenchmarkError: the kernel has no inotify, or cannot watch so many folders, or more was opened than it keeps.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        raise BenchmarkError("which files are opened is only told by Linux")
    watcher = _checked(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    try:
        watched = {
            _checked(libc.inotify_add_watch(watcher, os.fsencode(below), _OPEN)): os.fsencode(below)
            for below, _, _ in os.walk(folder)
        }
        opened: list[bytes] = []
        yield opened
        opened += sorted(set(_files(watcher, watched)))
    finally:
        os.close(watcher)


def _files(watcher: int, watched: dict[int, bytes]) -> Iterator[bytes]:
    for watch, mask, name in _events(watcher):
        if mask & _OVERFLOW:
            raise BenchmarkError("more files were opened than the kernel keeps account of")
        if not mask & _IS_FOLDER:
            yield os.path.join(watched[watch], name)  # noqa: PTH118 - bytes


def _events(watcher: int) -> Iterator[tuple[int, int, bytes]]:
    while True:
        try:
            events = os.read(watcher, _READ)
        except BlockingIOError:  # that was all
            return
        while events:
            watch, mask, _, length = _EVENT.unpack_from(events)
            yield watch, mask, events[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
            events = events[_EVENT.size + length :]


def _checked(result: int) -> int:
    if result < 0:
        raise BenchmarkError(f"files cannot be watched: {os.strerror(ctypes.get_errno())}")
    return result
