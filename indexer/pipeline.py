"""From work items to committed files: decode, encode, commit, each picture read once.

Decoding runs in processes, encoding in a thread, the library is written from the thread that calls; each waits for
the others only through short, bounded queues, so memory does not grow with the folder. Which files are work is
`db`'s plan; which folders were looked at is `scan`'s.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import PictureProblem, ProblemKind
from core.indexing import Problem, Stage
from db.records import CommitCounts, FailedFile, IndexedFile, Outcome, UnchangedFile, WorkItem
from indexer.embedding import BatchEncoder
from indexer.interrupts import Interrupts
from media import DecodeJob, DecodeOutcome, DecodePool

if TYPE_CHECKING:
    from db import LibraryWriter

COMMIT_SECONDS = 2.0  # what a kill -9 may cost; at some 10 ms per commit, writing takes well under a hundredth
COMMIT_FILES = 2048  # bounds what waits in memory where pictures go by in thousands per second

_NO_PICTURE = frozenset({ProblemKind.NOT_A_PICTURE, ProblemKind.EMPTY})


@dataclass(slots=True)
class Tally:
    """What a run has done so far."""

    counts: CommitCounts = field(default_factory=CommitCounts)
    problems: list[Problem] = field(default_factory=list)
    handled: int = 0  # work items that are through, committed or about to be


class Pipeline:
    """One run over the work that is planned.

    Args:
        writer: the library; its plan is made.
        pool: decodes for the encoder's targets; entered by the caller.
        encoder: entered by the caller; its stopwatch hears where the time goes here, too.
        interrupts: where Ctrl-C may cut in.
        max_megapixels: by root id; the pool itself knows only the largest of them.
        on_progress: hears the tally after each file.
    """

    def __init__(
        self,
        writer: "LibraryWriter",
        pool: DecodePool,
        encoder: BatchEncoder,
        *,
        interrupts: Interrupts,
        max_megapixels: Mapping[int, int],
        on_progress: Callable[[Tally], None],
    ) -> None:
        self._writer = writer
        self._pool = pool
        self._encoder = encoder
        self._interrupts = interrupts
        self._stopwatch = encoder.stopwatch
        self._max_megapixels = max_megapixels
        self._on_progress = on_progress
        self._ready: list[Outcome] = []
        self._committed_at = time.monotonic()
        self.tally = Tally()

    def run(self) -> bool:
        """Works until nothing is left or Ctrl-C comes; what is finished by then is committed. True: it was Ctrl-C.

        Raises:
            StorageFull: what was committed before stays.
            KeyboardInterrupt: a second Ctrl-C.
        """
        interrupted = False
        try:
            outcomes = self._outcomes()
            while (outcome := self._next(outcomes)) is not None:
                self._take(outcome)
                self._commit_if_due()
            self._ready += self._encoder.finish()
        except KeyboardInterrupt:
            if self._interrupts.aborted:
                raise
            interrupted = True
            self._ready += self._encoder.drain()
        self._commit()
        return interrupted

    def _outcomes(self) -> Iterator[DecodeOutcome]:
        work = self._interrupts.undisturbed(self._writer.work())
        jobs = (DecodeJob(item.path, item.known_hash, item) for item in work)
        return self._interrupts.waited_for(self._pool.run(jobs))

    def _next(self, outcomes: Iterator[DecodeOutcome]) -> DecodeOutcome | None:
        with self._stopwatch.during(Stage.WAIT_DECODE):
            return next(outcomes, None)

    def _take(self, outcome: DecodeOutcome) -> None:
        item = outcome.job.tag
        if not isinstance(item, WorkItem):
            raise TypeError(f"a decode job came back with {item!r} for its work item")
        self._stopwatch.spent(outcome.spent)
        problem = outcome.problem or self._too_large(item, outcome)
        if problem is not None:
            self._ready.append(self._failed(item, problem))
        elif outcome.picture is None:
            self._ready.append(UnchangedFile(item))
        else:
            self._ready += self._encoder.add(item, outcome.picture)
        self.tally.handled += 1
        self._on_progress(self.tally)

    def _too_large(self, item: WorkItem, outcome: DecodeOutcome) -> PictureProblem | None:
        """A picture beyond its own root's limit, where another root of this run allows more."""
        limit = self._max_megapixels.get(item.root_id)
        if outcome.picture is None or limit is None:
            return None
        megapixels = outcome.picture.facts.width * outcome.picture.facts.height / 1e6
        if megapixels <= limit:
            return None
        return PictureProblem(ProblemKind.TOO_LARGE, f"{megapixels:.0f} megapixels; the limit here is {limit}")

    def _failed(self, item: WorkItem, problem: PictureProblem) -> FailedFile:
        nothing_claimed = not os.path.splitext(item.path)[1]  # noqa: PTH122 - bytes
        ignored = nothing_claimed and problem.kind in _NO_PICTURE
        if not ignored:
            self.tally.problems.append(Problem(item.path, problem.kind, problem.reason))
        return FailedFile(item, problem.kind, problem.reason, ignored=ignored)

    def _commit_if_due(self) -> None:
        waited = time.monotonic() - self._committed_at
        if self._ready and (waited >= COMMIT_SECONDS or len(self._ready) >= COMMIT_FILES):
            self._commit()

    def _commit(self) -> None:
        if self._ready:
            with self._stopwatch.during(Stage.WRITE):
                self.tally.counts += self._writer.commit(self._ready)
            self._encoder.committed(file for file in self._ready if isinstance(file, IndexedFile))
            self._ready = []
        self._committed_at = time.monotonic()
