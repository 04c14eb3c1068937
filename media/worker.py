"""A decode process: `python -m media.worker`, started by `pool`, fed through its standard input.

It lives with little memory, and only as long as its pool: the end of its input ends it at once, whatever it is doing,
and an alarm of the system ends it where a decoder hangs and nobody is left to kill it.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from typing import IO

from core.errors import PictureProblem
from core.frames import read_frame, write_frame
from media.decode import Hooks, decode_picture
from media.elapsed import Elapsed, Lap, Spent
from media.gate import LargePictureGate
from media.limits import DecodeLimits
from media.making import make
from media.opening import load_all_plugins
from media.protocol import (
    Answer,
    AskedJob,
    Ready,
    Reply,
    Setup,
    Waiting,
    WorkerJob,
)

Job = WorkerJob | AskedJob

_ALARM_FACTOR = 2.0  # times the pool's own timeout: the pool comes first


def main() -> None:
    """Decodes until the input ends."""
    source, sink = _take_over_pipes()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's
    setup = read_frame(source)
    if not isinstance(setup, Setup):
        raise TypeError(f"expected a Setup, got {type(setup).__name__}")
    _limit_process(setup.limits)
    if setup.courtesy and hasattr(os, "nice"):
        os.nice(setup.courtesy)
    load_all_plugins()
    write_frame(sink, Ready())
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_read_jobs, args=(source, jobs), daemon=True).start()
    _work(setup, jobs, sink)


def _work(setup: Setup, jobs: "queue.SimpleQueue[Job]", sink: IO[bytes]) -> None:
    def waiting() -> None:
        _set_alarm(setup.timeout_s)
        write_frame(sink, Waiting())

    gate = LargePictureGate(setup.gate_path, on_wait=waiting)
    while True:
        job = jobs.get()
        _set_alarm(setup.timeout_s)
        reply = _decoded(job, setup, gate) if isinstance(job, WorkerJob) else _answered(job, setup, gate)
        gate.release()
        _set_alarm(0)
        write_frame(sink, reply)


def _decoded(job: WorkerJob, setup: Setup, gate: LargePictureGate) -> Reply:
    """When it returns, what decoding took is free again: the problem is a new one, without the frames of its cause."""
    lap = Lap(time.process_time)
    reading: list[Elapsed] = []
    try:
        picture = decode_picture(
            job.path,
            targets=setup.targets,
            limits=setup.limits,
            known_hash=job.known_hash,
            hooks=Hooks(gate, on_read=lambda: reading.append(lap())),
        )
    except PictureProblem as problem:
        return Reply(None, PictureProblem(problem.kind, problem.reason), _spent(reading, lap()))
    return Reply(picture, None, _spent(reading, lap()))


def _answered(job: AskedJob, setup: Setup, gate: LargePictureGate) -> Answer:
    """As `_decoded`, for one picture that somebody waits for."""
    try:
        return Answer(make(job.picture, job.want, limits=setup.limits, hooks=Hooks(gate)), None)
    except PictureProblem as problem:
        return Answer(None, PictureProblem(problem.kind, problem.reason))


def _spent(reading: Sequence[Elapsed], last: Elapsed) -> Spent:
    """What was not read to its end was not decoded."""
    return Spent(reading[0], last) if reading else Spent(last)


def _read_jobs(source: IO[bytes], jobs: "queue.SimpleQueue[Job]") -> None:
    """Runs beside the decoder, so that the end of the pool is noticed in the middle of a file."""
    while True:
        try:
            job = read_frame(source)
        except (EOFError, OSError):
            os._exit(0)
        if isinstance(job, Job):
            jobs.put(job)


def _take_over_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes of the pool, moved away from where a C library would print."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.close(null)
    return source, sink


def _limit_process(limits: DecodeLimits) -> None:
    """No Pillow limit beside ours, and, where the platform has them, limits on addresses and core files."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    if sys.platform == "win32":
        return
    import resource

    for what, most in ((resource.RLIMIT_AS, limits.process_bytes), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows RLIMIT_AS and refuses it
            resource.setrlimit(what, (allowed, hard))


def _set_alarm(timeout_s: float) -> None:
    """SIGALRM ends the process by default, also one that hangs inside a decoder; 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, timeout_s * _ALARM_FACTOR)


if __name__ == "__main__":
    main()
