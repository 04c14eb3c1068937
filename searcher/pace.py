"""How long a second look may take, and how far it is: blocks of candidates while there is time."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from core.indexing import Progress, ProgressListener


@dataclass(slots=True)
class Pace:
    """How long looking may take, how far it is, and whether there is time for more."""

    listener: ProgressListener
    budget_s: float | None = None  # None: as long as it takes
    done: int = 0
    _started: float = 0.0

    def blocks(self, most: int, size: int) -> Iterator[slice]:
        """Slices of the first `most`, while time remains. The first is one candidate: the model is loaded over it."""
        start = 0
        while start < most:
            stop = min(start + size, most) if start else 1
            if start > 1 and not self._has_time_for(stop - start):
                return
            yield slice(start, stop)
            self.done = start = stop
            if stop == 1:
                self._started = perf_counter()
            self.listener(Progress("rerank", stop, most))

    def _has_time_for(self, more: int) -> bool:
        if self.budget_s is None:
            return True
        spent = perf_counter() - self._started
        return spent + more * spent / (self.done - 1) <= self.budget_s
