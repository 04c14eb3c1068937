"""The index runs of one server: one at a time, the last few remembered."""

from __future__ import annotations

from collections import Counter, deque
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import SearchError
from web.jobs.job import COMMAND, Job
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.jobs.job import JobState, JobView
    from web.jobs.wanted import Wanted

MOST_KEPT = 20
ENDING_S = 5.0  # for a batch that is being written when the server ends


class Jobs:
    """Starts them, knows them, ends them with the server.

    Args:
        command: the program that does the work; None: `web.jobs.child`.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = Lock()
        self._jobs: deque[Job] = deque()  # the newest first
        self._forgotten: Counter[JobState] = Counter()
        self._closed = False
        self._ends_at = 0.0  # by the clock that `monotonic` is; once it is closed

    def start(self, wanted: Wanted) -> JobView:
        """Start a run.

        Raises:
            Problem: one is running already, or the server is ending.
            SearchError: there can be no process for it.
        """
        with self._lock:
            running = next((job.view for job in self._jobs if not job.view.ended), None)
            if running is not None:
                raise Problem(409, "job_running", f"index job {running.id} is running: wait for it, or cancel it")
            if self._closed:
                raise Problem(503, "server_ending", "the server is ending")
            try:
                job = Job(wanted, self._command)
            except OSError as error:
                raise SearchError(f"the index run could not be started: {error.strerror or error}") from error
            if len(self._jobs) == MOST_KEPT:
                self._forgotten[self._jobs.pop().view.state] += 1
            self._jobs.appendleft(job)
            return job.view

    def views(self) -> list[JobView]:
        """The last few, the newest first."""
        with self._lock:
            return [job.view for job in self._jobs]

    def tally(self) -> dict[JobState, int]:
        """How many are in each state, of all that were ever started."""
        with self._lock:
            return dict(self._forgotten + Counter(job.view.state for job in self._jobs))

    def find(self, number: str) -> Job:
        """The job of this id.

        Raises:
            Problem: there is none, or it was so long ago that it is forgotten.
        """
        with self._lock:
            found = next((job for job in self._jobs if job.view.id == number), None)
        if found is None:
            raise Problem(404, "no_such_job", "there is no job of this id; only the last few are remembered")
        return found

    @property
    def closed(self) -> bool:
        """The server is ending: who listens should not any more."""
        return self._closed

    def begin_to_end(self) -> None:
        """Start nothing any more, and have what runs end; returns at once."""
        with self._lock:
            if not self._closed:
                self._closed, self._ends_at = True, monotonic() + ENDING_S
            jobs = list(self._jobs)
        for job in jobs:
            job.stop()

    def close(self) -> None:
        """End what runs, and start nothing any more."""
        self.begin_to_end()
        for job in self._jobs:
            if not job.view.ended:
                job.end(wait_s=max(0.0, self._ends_at - monotonic()))
