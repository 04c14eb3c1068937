"""One decode worker as its pool sees it: started when needed, asked for one file, killed when it hangs.

Whatever happens to the process costs the file it was working on, and nothing else.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from core.errors import PictureProblem, ProblemKind, SearchError
from core.frames import read_frame, write_frame
from media.elapsed import Elapsed, Lap, Spent
from media.protocol import (
    Answer,
    AskedJob,
    Ready,
    Reply,
    Setup,
    Waiting,
    WorkerJob,
)
from media.watchdog import Deadline, Watchdog

# -P: the current folder may be full of pictures and of files named like modules.
WORKER_COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "media.worker")
_START_TIMEOUT_S = 60.0
_PIPE_BYTES = 1 << 20  # what Linux allows anyone


class WorkerProcess:
    """A worker and its restarts. Used by one thread, except for `cancel`."""

    def __init__(self, setup: Setup, command: Sequence[str]) -> None:
        self._setup = setup
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def decode(self, job: WorkerJob, watchdog: Watchdog) -> Reply:
        """One file. A worker that dies or hangs over it gives a problem of that kind.

        Raises:
            SearchError: no worker can be started.
        """
        process = self._running(watchdog)
        lap = Lap()
        answer = self._exchange(process, job, watchdog)
        if isinstance(answer, PictureProblem):
            return Reply(None, answer, Spent(decode=Elapsed(lap().wall_s)))
        if not isinstance(answer, Reply):
            raise _strange(answer)
        return answer

    def ask(self, job: AskedJob, watchdog: Watchdog) -> Answer:
        """As `decode`, for one picture that somebody waits for."""
        answer = self._exchange(self._running(watchdog), job, watchdog)
        if isinstance(answer, PictureProblem):
            return Answer(None, answer)
        if not isinstance(answer, Answer):
            raise _strange(answer)
        return answer

    def _exchange(self, process: "subprocess.Popen[bytes]", job: WorkerJob | AskedJob, watchdog: Watchdog) -> object:
        """What the worker says to a job; the problem of a worker that dies over it."""
        with watchdog.watching(process, self._setup.timeout_s) as deadline:
            try:
                write_frame(_pipe(process.stdin), job)
                while isinstance(answer := read_frame(_pipe(process.stdout)), Waiting):
                    deadline.restart()
            except (EOFError, OSError):
                return self._death(process, deadline)
        return answer

    def cancel(self) -> None:
        """Ends the process at once, and keeps it from starting, until `allow`. From any thread."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.kill()

    def allow(self) -> None:
        """Takes `cancel` back."""
        with self._lock:
            self._cancelled = False

    def close(self) -> None:
        """Ends the process and waits for it."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def _running(self, watchdog: Watchdog) -> "subprocess.Popen[bytes]":
        """A process that is alive and ready."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        with self._lock:
            if self._cancelled:
                raise SearchError("the decode pool is closing")
            process = self._process = _start(self._command)
        try:
            with watchdog.watching(process, _START_TIMEOUT_S):
                write_frame(_pipe(process.stdin), self._setup)
                ready = read_frame(_pipe(process.stdout))
        except (EOFError, OSError) as error:
            self.close()
            command = " ".join(self._command)
            raise SearchError(
                f"a decode worker could not start (exit code {process.returncode}): run `{command}` to see why"
            ) from error
        if not isinstance(ready, Ready):
            raise SearchError(f"a decode worker said {type(ready).__name__} instead of Ready: report this as a bug")
        return process

    def _death(self, process: "subprocess.Popen[bytes]", deadline: Deadline) -> PictureProblem:
        self.close()
        if deadline.passed:
            return PictureProblem(ProblemKind.TIMEOUT, f"took longer than {self._setup.timeout_s:g} s to decode")
        return PictureProblem(ProblemKind.DECODER_CRASHED, f"its decoder crashed ({_how(process.returncode)})")


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """The process, in a session of its own: Ctrl-C reaches only the program, which then ends its workers."""
    folders = [str(Path(__file__).resolve().parent.parent), *(entry for entry in sys.path if entry)]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(os.path.abspath(entry) for entry in folders)),  # noqa: PTH100 - text
        "OPENBLAS_NUM_THREADS": "1",  # numpy's threads would reserve 40 MB of addresses each
        "MALLOC_ARENA_MAX": "2",
        "MALLOC_MMAP_THRESHOLD_": "8388608",  # bytes: Pillow's blocks of 16 MB go back to the system once freed
        "MALLOC_TRIM_THRESHOLD_": "33554432",  # bytes: what the next picture needs again does not
    }
    process = subprocess.Popen(  # noqa: S603 - this very interpreter, no shell
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # C libraries print warnings of their own
        env=environment,
        start_new_session=True,
    )
    _widen(_pipe(process.stdout))
    return process


def _widen(pipe: IO[bytes]) -> None:
    """Room for a whole reply: a pipe of Linux's usual 64 kB is filled and emptied three times for 224 × 224 pixels."""
    if sys.platform != "linux":
        return
    import fcntl

    with contextlib.suppress(OSError):  # a user may have only so many wide pipes
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()  # a worker keeps nothing that a polite end would save
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # what was still to be sent is of no use to anyone


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise SearchError("a decode worker was started without pipes: report this as a bug")
    return pipe


def _strange(answer: object) -> SearchError:
    return SearchError(f"a decode worker said {type(answer).__name__}: report this as a bug")


def _how(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
