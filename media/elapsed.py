"""How long something took, on the clock on the wall and in processor time. What is measured, others say."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Seconds."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: "Elapsed") -> "Elapsed":
        return Elapsed(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    def __sub__(self, other: "Elapsed") -> "Elapsed":
        return Elapsed(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)


_NO_TIME = Elapsed()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one file took: `read` and `decode` in its worker, `transfer` from there to here."""

    read: Elapsed = _NO_TIME
    decode: Elapsed = _NO_TIME
    transfer: Elapsed = _NO_TIME

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.read + other.read, self.decode + other.decode, self.transfer + other.transfer)


NOTHING_SPENT = Spent()


class Lap:
    """A stopwatch that is running. `cpu` is time.thread_time, or process_time where all of a process is meant."""

    def __init__(self, cpu: Callable[[], float] = time.thread_time) -> None:
        self._cpu = cpu
        self._wall_s, self._cpu_s = time.perf_counter(), cpu()

    def __call__(self) -> Elapsed:
        """What passed since it was made, or asked last."""
        wall_s, cpu_s = time.perf_counter(), self._cpu()
        elapsed = Elapsed(wall_s - self._wall_s, cpu_s - self._cpu_s)
        self._wall_s, self._cpu_s = wall_s, cpu_s
        return elapsed
