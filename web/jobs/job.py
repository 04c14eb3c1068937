"""One index run as the server sees it: a process, what it says, and what became of it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from web.jobs.wanted import Wanted

COMMAND = (sys.executable, "-P", "-m", "web.jobs.child")  # -P: nothing is imported from where the server was started
_KILLED_S = 2.0  # until the end of a process that was killed is heard of
_LONGEST_LINE = 1 << 20  # bytes; a report with its problems is a twentieth of it


class JobState(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    STOPPING = "stopping"  # it was told to, and finishes what it has begun
    DONE = "done"
    CANCELLED = "cancelled"  # what was finished until then is kept
    FAILED = "failed"  # `problem` says why; what was finished until then is kept


Told = dict[str, Any]
"""JSON, as the process said it."""

_ENDED = frozenset({JobState.DONE, JobState.CANCELLED, JobState.FAILED})


@dataclass(frozen=True, slots=True)
class JobView:
    """A job at one moment."""

    id: str
    wanted: Wanted
    state: JobState
    started_at: datetime
    ended_at: datetime | None = None
    progress: Told | None = None  # `core.indexing.Progress`; None: nothing heard yet
    report: Told | None = None  # None: there is none (yet)
    problem: Told | None = None  # RFC 9457
    version: int = 0  # grows with every change

    @property
    def ended(self) -> bool:
        """Nothing more will happen to it."""
        return self.state in _ENDED


class Job:
    """A run in a process of its own, started at once.

    Args:
        wanted: what it is to do.
        command: the program; `web.jobs.child`, unless a test has another.

    Raises:
        OSError: there can be no such process.
    """

    def __init__(self, wanted: Wanted, command: Sequence[str] = COMMAND) -> None:
        self._lock = Lock()
        self._view = JobView(f"j_{secrets.token_hex(6)}", wanted, JobState.RUNNING, datetime.now(UTC))
        # Its own session: a Ctrl-C at the server's terminal is the server's, which then ends the job.
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        with suppress(BrokenPipeError):  # it is gone already: its end tells
            self._stdin.write(wanted.to_json())
            self._stdin.flush()
        self._reader = Thread(target=self._read, name="job", daemon=True)
        self._reader.start()

    @property
    def view(self) -> JobView:
        """The job as it is now."""
        with self._lock:
            return self._view

    def stop(self) -> None:
        """Have it end as at Ctrl-C: it finishes what it has begun, and keeps it. Returns at once."""
        with self._lock:
            if self._view.state is not JobState.RUNNING:
                return
            self._view = replace(self._view, state=JobState.STOPPING, version=self._view.version + 1)
        with suppress(BrokenPipeError):
            self._stdin.close()

    def end(self, *, wait_s: float) -> None:
        """Have it end, and see to it that it does: killed where it has not after `wait_s`; the library bears that."""
        self.stop()
        self._reader.join(wait_s)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join(_KILLED_S)

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        return self._process.stdin

    def _read(self) -> None:
        """Hear all that it says, until it has ended."""
        assert self._process.stdout is not None  # noqa: S101
        with self._process.stdout as lines:
            while line := lines.readline(_LONGEST_LINE):
                self._hear(line)
        code = self._process.wait()
        with suppress(BrokenPipeError):
            self._stdin.close()
        if not self.view.ended:
            self._change(state=JobState.FAILED, problem=_crashed(code))

    def _hear(self, line: bytes) -> None:
        try:
            ((kind, value),) = json.loads(line).items()
        except ValueError:  # half a line of a process that was killed: its end tells
            return
        if self.view.ended:  # it was told to stop while it said so
            return
        if kind == "progress":
            self._change(progress=value)
        elif kind == "done":
            stopped = value is None or value["interrupted"]
            self._change(state=JobState.CANCELLED if stopped else JobState.DONE, report=value)
        elif kind == "problem":
            self._change(state=JobState.FAILED, problem=value)

    def _change(
        self,
        *,
        state: JobState | None = None,
        progress: Told | None = None,
        report: Told | None = None,
        problem: Told | None = None,
    ) -> None:
        with self._lock:
            before = self._view
            self._view = replace(
                before,
                state=state or before.state,
                ended_at=datetime.now(UTC) if state in _ENDED else None,
                progress=progress or before.progress,
                report=report,
                problem=problem,
                version=before.version + 1,
            )


def _environment() -> dict[str, str]:
    """The server's, but for what it decided for its own many small products of matrices (`cli.serve`)."""
    return {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}


def _crashed(code: int) -> Told:
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    detail = f"the index run ended {how} before it was done; what it had finished is kept, and a new run goes on"
    return {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": detail, "code": "crashed"}
