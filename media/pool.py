"""Decoding in worker processes: a crash, a hang or a bomb takes one file, never the run.

A thread for each worker hands it files and waits for its answers; the caller's thread draws the jobs and yields the
outcomes. Workers start when there is work for them and live until the pool closes.
"""

import contextlib
import os
import queue
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from core.errors import PictureProblem, SearchError, UsageError
from core.models import Preprocess
from core.pictures import DecodedPicture
from media.elapsed import NOTHING_SPENT, Elapsed, Lap, Spent
from media.limits import DecodeLimits
from media.protocol import Setup, WorkerJob
from media.watchdog import Watchdog
from media.worker_process import WORKER_COMMAND, WorkerProcess


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """One file to decode. `tag` comes back untouched, and never leaves this process."""

    path: bytes
    known_hash: bytes | None = None
    tag: object = None


@dataclass(frozen=True, slots=True)
class DecodeOutcome:
    """What became of a job: a picture, a problem, or neither where the content is the known one."""

    job: DecodeJob
    picture: DecodedPicture | None
    problem: PictureProblem | None
    spent: Spent = NOTHING_SPENT


class DecodePool:
    """Decode workers for one set of targets.

    Args:
        targets: what pixels are fitted to; none gives facts and perceptual hashes only.
        limits: what one picture may cost; sizes the memory a worker may take.
        workers: how many processes, at least 1.
        look_ahead: how many jobs are drawn, beside two for each worker, before their outcomes are taken.
        timeout_s: after this long over one file a worker is killed.
        command: what is run as a worker.
    """

    def __init__(
        self,
        *,
        targets: Sequence[Preprocess],
        limits: DecodeLimits,
        workers: int,
        look_ahead: int = 0,
        timeout_s: float = 60.0,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        if workers < 1:
            raise UsageError(f"{workers} decode workers: there must be at least one")
        descriptor, name = tempfile.mkstemp(prefix="search-gate-")
        os.close(descriptor)
        self._gate_path = os.fsencode(name)
        setup = Setup(tuple(targets), limits, timeout_s, self._gate_path)
        self._workers = [WorkerProcess(setup, command) for _ in range(workers)]
        self._look_ahead = 2 * workers + look_ahead

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, jobs: Iterable[DecodeJob]) -> Iterator[DecodeOutcome]:
        """Yields an outcome for each job, in the order they are finished.

        At most 2 × workers + `look_ahead` jobs are drawn before their outcomes are taken. Closed early, it ends the
        workers that are busy and returns at once. One run at a time.

        Raises:
            SearchError: no worker can be started at all.
        """
        run = _Run(self._workers, self._look_ahead)
        try:
            yield from run.outcomes(iter(jobs))
        finally:
            run.stop()

    def close(self) -> None:
        """Ends every worker. Harmless where it was done before."""
        for worker in self._workers:
            worker.close()
        if os.path.exists(self._gate_path):  # noqa: PTH110 - bytes
            os.unlink(self._gate_path)  # noqa: PTH108 - bytes


class _Run:
    """One `run`: its queues, and a thread for each worker that has had work."""

    def __init__(self, workers: Sequence[WorkerProcess], look_ahead: int) -> None:
        self._idle = list(reversed(workers))  # those without a thread
        self._look_ahead = look_ahead
        self._todo: queue.SimpleQueue[DecodeJob | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[DecodeOutcome | SearchError] = queue.SimpleQueue()
        self._threads: list[tuple[WorkerProcess, threading.Thread]] = []
        self._watchdog = Watchdog()

    def outcomes(self, jobs: Iterator[DecodeJob]) -> Iterator[DecodeOutcome]:
        under_way = 0
        more = True
        while True:
            while more and under_way < self._look_ahead:
                job = next(jobs, None)
                more = job is not None
                if job is not None:
                    self._start_thread()
                    self._todo.put(job)
                    under_way += 1
            if not under_way:
                return
            outcome = self._done.get()
            under_way -= 1
            if isinstance(outcome, SearchError):
                raise outcome
            yield outcome

    def stop(self) -> None:
        """Ends the threads; workers in the middle of a file end with them, idle ones stay."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._todo.get_nowait()
        for _ in self._threads:
            self._todo.put(None)
        for worker, thread in self._threads:
            if thread.is_alive():  # a Ctrl-C may have come before it was started; it will find the None if it ever is
                thread.join(0.05)  # an idle one ends at once
            if thread.is_alive():
                worker.cancel()
                thread.join()
                worker.allow()
        self._watchdog.close()

    def _start_thread(self) -> None:
        if self._idle:
            worker = self._idle.pop()
            thread = threading.Thread(target=self._serve, args=(worker,), daemon=True, name="decode-worker")
            self._threads.append((worker, thread))
            thread.start()

    def _serve(self, worker: WorkerProcess) -> None:
        while (job := self._todo.get()) is not None:
            try:
                lap = Lap()
                reply = worker.decode(WorkerJob(job.path, job.known_hash), self._watchdog)
                read, decode, here = reply.spent.read, reply.spent.decode, lap()
                transfer = Elapsed(here.wall_s - read.wall_s - decode.wall_s, here.cpu_s)
                self._done.put(DecodeOutcome(job, reply.picture, reply.problem, Spent(read, decode, transfer)))
            except SearchError as error:
                self._done.put(error)
