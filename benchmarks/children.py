"""Work in fresh processes, so that its memory and its CPU time are its own.

`in_child` runs a function once; `Served` keeps a process that answers one question at a time. Memory is read from
outside, from Linux's /proc: anonymous pages are what a process holds for itself; pages of a file that is memory-mapped
belong to the page cache, which the system takes back when it needs it. Elsewhere than on Linux they are 0.
"""

import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from benchmarks.errors import BenchmarkError

T = TypeVar("T")
_POLL_S = 0.01  # how often a child's memory is looked at while it works
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """What a process used while it did one thing."""

    cpu_s: float
    peak_rss_bytes: int  # with the pages of mapped files that were in memory
    peak_anon_bytes: int  # without them


@dataclass(frozen=True)
class Done(Generic[T]):
    """What a function returned in its own process, and what it cost."""

    result: T
    cost: Cost


def started_by(process: int) -> list[int]:
    """The processes that a process has started and that have not ended (Linux); raises OSError where it has ended."""
    listed = [path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/children")]
    return [int(child) for children in listed for child in children]


def in_child(function: Callable[..., T], *args: object, threads: int | None = None) -> Done[T]:
    """Runs `function(*args)` in a fresh process; `threads` bounds OpenMP and BLAS, None is all cores.

    Raises:
        BenchmarkError: it failed, or the process was ended.
    """
    with _started(_work, (function, *args), threads) as (process, connection):
        peak = _watch(process.pid, connection)
        (result, cpu_s, peak_rss) = _received(connection, function.__name__)
    return Done(result, Cost(cpu_s, peak_rss, peak))


class Served:
    """A process that holds something open and answers questions about it, one at a time, on one thread.

    Args:
        prepare: called there first, before memory is counted: imports.
        opener: called there without arguments; returns the function that answers.
        name: for messages.
    """

    def __init__(self, prepare: Callable[[], object], opener: Callable[[], Callable[..., Any]], *, name: str) -> None:
        self._name = name
        self._context = _started(_serve, (prepare, opener), 1)
        self._process, self._connection = self._context.__enter__()
        _received(self._connection, name)
        self._before = anon_bytes(self._process.pid)
        self._connection.send(None)
        self._peak = _watch(self._process.pid, self._connection)
        _received(self._connection, name)

    def ask(self, *question: object) -> Any:  # noqa: ANN401 - whatever the opener's function returns
        """The answer to one question."""
        self._connection.send(question)
        return _received(self._connection, self._name)

    def ask_watched(self, *question: object) -> Any:  # noqa: ANN401 - as ask
        """The same, and its memory counts for the peak; not for measuring time."""
        self._connection.send(question)
        self._peak = max(self._peak, _watch(self._process.pid, self._connection))
        return _received(self._connection, self._name)

    @property
    def held_bytes(self) -> int:
        """Anonymous memory by which the process has grown since it imported what it needs."""
        return anon_bytes(self._process.pid) - self._before

    @property
    def peak_bytes(self) -> int:
        """The most it had grown by while it opened and answered under watch."""
        return max(self._peak - self._before, self.held_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.__exit__(None, None, None)


def anon_bytes(pid: int | None = None) -> int:
    """Anonymous resident memory of a process, of this one by default; 0 where /proc does not say."""
    return status_bytes(pid, "RssAnon")


def status_bytes(pid: int | None, field: str) -> int:
    """A figure in bytes that /proc has of a process, of this one by default; 0 where it is not there."""
    try:
        status = Path(f"/proc/{pid or 'self'}/status").read_text()
    except OSError:  # it has just ended, or this is no Linux
        return 0
    found = [int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{field}:")]
    return found[0] * 1024 if found else 0


@contextmanager
def _started(
    target: Callable[..., None], args: tuple[object, ...], threads: int | None
) -> Iterator[tuple[Any, Connection]]:
    """A process and this end of its pipe; it is ended and waited for at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    before = {name: os.environ.get(name) for name in _THREADS}
    try:
        for name in _THREADS:
            if threads:
                os.environ[name] = str(threads)
        process = context.Process(target=target, args=(theirs, *args), daemon=True)
        process.start()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    theirs.close()
    try:
        yield process, ours
    finally:
        ours.close()
        process.join(timeout=1)
        if process.is_alive():
            process.kill()
            process.join()


def _watch(pid: int | None, connection: Connection) -> int:
    """The most anonymous memory the process was seen to have until it answered."""
    peak = anon_bytes(pid)
    while not connection.poll(_POLL_S):
        peak = max(peak, anon_bytes(pid))
    return max(peak, anon_bytes(pid))


def _received(connection: Connection, name: str) -> Any:  # noqa: ANN401 - what the child sent
    try:
        failed, value = connection.recv()
    except EOFError as error:
        raise BenchmarkError(f"{name}: its process was ended; was there memory enough?") from error
    if failed:
        raise BenchmarkError(f"{name}: {value}")
    return value


def _work(connection: Connection, function: Callable[..., object], *args: object) -> None:
    """In the child: one function."""
    with _told(connection):
        result = function(*args)
        used = resource.getrusage(resource.RUSAGE_SELF)
        # getrusage's maximum begins with the parent's, which a child is a copy of for a moment; VmHWM does not.
        peak = status_bytes(None, "VmHWM") or used.ru_maxrss * _MAXRSS_UNIT
        connection.send((False, (result, used.ru_utime + used.ru_stime, peak)))


def _serve(connection: Connection, prepare: Callable[[], object], opener: Callable[[], Callable[..., Any]]) -> None:
    """In the child: opens when told to, then answers until the pipe is closed."""
    with _told(connection):
        prepare()
        connection.send((False, None))
        connection.recv()
        answer = opener()
        connection.send((False, None))
        while True:
            connection.send((False, answer(*connection.recv())))


@contextmanager
def _told(connection: Connection) -> Iterator[None]:
    """The parent learns why its child failed; its end of the pipe closed is the sign to stop."""
    try:
        yield
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except Exception as error:  # noqa: BLE001 - sent to the parent, which raises it
        connection.send((True, f"{type(error).__name__}: {error}"))
