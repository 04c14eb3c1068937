"""How much of the machine other programs took while something was measured."""

import os
import time
from pathlib import Path
from typing import Self

from benchmarks.children import started_by

_TICKS = 100.0  # USER_HZ, the unit of /proc


class Others:
    """Cores that other programs kept busy between entering and leaving, on average; None where /proc cannot say.

    with Others() as others:
        work()
    print(others.cores)
    """

    def __init__(self) -> None:
        self.cores: float | None = None

    def __enter__(self) -> Self:
        self._before = (time.perf_counter(), _all_s(), _own_s(os.getpid()))
        return self

    def __exit__(self, *_: object) -> None:
        started, everything, own = self._before
        if everything is not None:
            spent = (_all_s() or everything) - everything - (_own_s(os.getpid()) - own)
            self.cores = max(0.0, spent / (time.perf_counter() - started))


def _all_s() -> float | None:
    """CPU seconds of the whole machine, without idling and waiting for disks."""
    try:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except (OSError, ValueError):
        return None
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


def _own_s(pid: int) -> float:
    """CPU seconds of a process and everything it started, ended or not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = started_by(pid)
    except OSError:  # it has just ended: its parent counts it
        return 0.0
    below = sum(map(_own_s, children))
    return sum(int(field) for field in fields[11:15]) / _TICKS + below
