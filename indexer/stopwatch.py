"""Where the time of an indexing run goes: what `search index --profile` shows, measured where it is spent.

What passes on the calling thread is timed by `during`; what passes beside it (workers, threads) is reported by whoever
does it, and added.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.indexing import RunProfile, Stage, StageTime
from media import Elapsed, Lap, Spent


class Stopwatch:
    """Adds up the stages of one run, which begins when it is made. Used by the calling thread."""

    def __init__(self) -> None:
        self._stages = dict.fromkeys(Stage, Elapsed())
        self._whole, self._calling = Lap(time.process_time), Lap()
        self._named = Elapsed()  # the calling thread's part of them
        self._work_cpu_s = 0.0

    @contextmanager
    def during(self, stage: Stage) -> Iterator[None]:
        """Adds what the calling thread does here."""
        lap = Lap()
        try:
            yield
        finally:
            elapsed = lap()
            self._stages[stage] += elapsed
            self._named += elapsed

    @contextmanager
    def all_threads_during(self, stage: Stage) -> Iterator[None]:
        """Likewise, with the processor time of the whole process: for work that libraries share out among threads."""
        everyone, lap = Lap(time.process_time), Lap()
        try:
            yield
        finally:
            self._stages[stage] += everyone()
            self._named += lap()

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """The time in which decoders, the encoder and the calling thread work side by side.

        The encoder's processor time is that of all threads here but the calling one and those that talk to the
        workers: a model shares its work out among threads of its own, which nobody else can ask.
        """
        whole, calling = Lap(time.process_time), Lap()
        try:
            yield
        finally:
            self._work_cpu_s += whole().cpu_s - calling().cpu_s

    def spent(self, spent: Spent) -> None:
        """Adds what a file took in its worker, and on the way from there."""
        self._stages[Stage.READ] += spent.read
        self._stages[Stage.DECODE] += spent.decode
        self._stages[Stage.TRANSFER] += spent.transfer

    def encoded(self, wall_s: float) -> None:
        """Adds the time of a batch."""
        self._stages[Stage.ENCODE] += Elapsed(wall_s)

    def stop(self, *, workers: int) -> RunProfile:
        """The run is over: where its time went."""
        stages, whole, calling = dict(self._stages), self._whole(), self._calling()
        encode_cpu_s = max(0.0, self._work_cpu_s - stages[Stage.TRANSFER].cpu_s)
        stages[Stage.ENCODE] = Elapsed(stages[Stage.ENCODE].wall_s, encode_cpu_s)
        stages[Stage.REST] = calling - self._named
        in_workers = stages[Stage.READ].cpu_s + stages[Stage.DECODE].cpu_s
        return RunProfile(
            stages=tuple(StageTime(stage, max(0.0, e.wall_s), max(0.0, e.cpu_s)) for stage, e in stages.items()),
            workers=workers,
            wall_s=whole.wall_s,
            cpu_s=whole.cpu_s + in_workers,
        )
