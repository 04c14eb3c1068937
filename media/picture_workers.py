"""Worker processes for pictures that somebody waits for: asked from any thread, one picture each, ended when unused.

`pool` decodes a stream of files; here each caller waits for its own.
"""

import contextlib
import os
import queue
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.errors import PictureProblem, ProblemKind, SearchError
from core.pictures import DecodedPicture
from media.asked import AskedPicture, Drawing, Drawn, Fitting, Rewritten, Want, WithoutLocation
from media.limits import DecodeLimits
from media.protocol import AskedJob, Setup
from media.watchdog import Watchdog
from media.worker_process import WORKER_COMMAND, WorkerProcess

_TIMEOUT_S = 20.0  # over one picture; a person waits for it
_PATIENCE_S = 30.0  # until a worker is free
_LOOK_AGAIN_S = 0.5  # whether the team that one waits for was ended meanwhile
_COURTESY = 5  # niceness: a question goes before the pictures of the answer to the last one
_REST_S = 60.0  # unused so long, they end: each holds some 60 MB


@dataclass(slots=True)
class _Team:
    """Workers that serve together; replaced as a whole when they were ended."""

    workers: list[WorkerProcess]
    idle: "queue.LifoQueue[WorkerProcess]"  # the last used first: the others may sleep
    watchdog: Watchdog
    gate_path: bytes
    ended: bool = False
    busy: set[WorkerProcess] = field(default_factory=set)


class PictureWorkers:
    """At most so many processes, started when there is work; for all threads together.

    Args:
        limits: what one picture may cost.
        workers: how many processes, at least 1.
        timeout_s: after this long over one picture a worker is killed.
        rest_s: unused so long, the processes end; the next picture starts others.
        command: what is run as a worker.
    """

    def __init__(
        self,
        *,
        limits: DecodeLimits,
        workers: int,
        timeout_s: float = _TIMEOUT_S,
        rest_s: float = _REST_S,
        command: Sequence[str] = WORKER_COMMAND,
    ) -> None:
        self._limits = limits
        self._count = max(1, workers)
        self._timeout_s = timeout_s
        self._rest_s = rest_s
        self._command = command
        self._lock = threading.Lock()
        self._team: _Team | None = None
        self._used_at = 0.0
        self._timer: threading.Timer | None = None

    def draw(self, picture: AskedPicture, wanted: Drawing) -> Drawn:
        """The picture drawn small.

        Raises:
            PictureProblem: whatever is wrong with it; TIMEOUT also where no worker was free in time.
        """
        made = self._made(picture, wanted)
        if not isinstance(made, Drawn):
            raise _odd(made)
        return made

    def fit(self, picture: AskedPicture, wanted: Fitting) -> DecodedPicture:
        """Its facts and pixels; raises as `draw`."""
        made = self._made(picture, wanted)
        if not isinstance(made, DecodedPicture):
            raise _odd(made)
        return made

    def without_location(self, picture: AskedPicture) -> Rewritten:
        """Its file without the place where it was taken; raises as `draw`."""
        made = self._made(picture, WithoutLocation())
        if not isinstance(made, Rewritten):
            raise _odd(made)
        return made

    def close(self) -> None:
        """Ends the processes, also those at work (whoever waits for them is told). Others start when asked again."""
        with self._lock:
            team, self._team = self._team, None
            timer, self._timer = self._timer, None
            if team is not None:
                team.ended = True
                for worker in team.busy:
                    worker.cancel()
        if timer is not None:
            timer.cancel()
        if team is not None:
            _dismiss(team)

    def _made(self, picture: AskedPicture, want: Want) -> object:
        with self._worker() as (worker, team):
            try:
                answer = worker.ask(AskedJob(picture, want), team.watchdog)
            except SearchError:
                if team.ended:  # while it started
                    raise _ended() from None
                raise
        if answer.problem is not None and team.ended:
            raise _ended()
        if answer.problem is not None:
            raise answer.problem
        return answer.made

    @contextlib.contextmanager
    def _worker(self) -> Iterator[tuple[WorkerProcess, _Team]]:
        team, worker = self._taken()
        try:
            yield worker, team
        finally:
            self._put_back(team, worker)

    def _taken(self) -> tuple[_Team, WorkerProcess]:
        """A worker of the present team, once one is free."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            team = self._present()
            with contextlib.suppress(queue.Empty):
                worker = team.idle.get(timeout=_LOOK_AGAIN_S)
                with self._lock:
                    team.busy.add(worker)
                    if team.ended:  # its process never starts, and the caller is told so
                        worker.cancel()
                return team, worker
        raise PictureProblem(ProblemKind.TIMEOUT, "other pictures are still being decoded: try again")

    def _present(self) -> _Team:
        with self._lock:
            self._used_at = time.monotonic()
            if self._team is None:
                self._team = self._assemble()
                self._look_later(self._rest_s)
            return self._team

    def _put_back(self, team: _Team, worker: WorkerProcess) -> None:
        with self._lock:
            self._used_at = time.monotonic()
            team.busy.discard(worker)
            team.idle.put(worker)
            last = team.ended and not team.busy
        if last:
            _dismiss(team)

    def _assemble(self) -> _Team:
        descriptor, name = tempfile.mkstemp(prefix="search-gate-")
        os.close(descriptor)
        gate_path = os.fsencode(name)
        setup = Setup((), self._limits, self._timeout_s, gate_path, _COURTESY)
        workers = [WorkerProcess(setup, self._command) for _ in range(self._count)]
        idle: queue.LifoQueue[WorkerProcess] = queue.LifoQueue()
        for worker in workers:
            idle.put(worker)
        return _Team(workers, idle, Watchdog(), gate_path)

    def _look_later(self, after_s: float) -> None:
        self._timer = threading.Timer(after_s, self._rest)
        self._timer.daemon = True
        self._timer.start()

    def _rest(self) -> None:
        """End them where nobody asked for a while; else look again when that may be so."""
        with self._lock:
            if self._team is None:
                return
            left_s = self._used_at + self._rest_s - time.monotonic()
            if self._team.busy or left_s > 0:
                self._look_later(max(left_s, 0.1))
                return
        self.close()


def _dismiss(team: _Team) -> None:
    """Ends those that are idle; the last who is busy ends the rest, and the watchdog with them."""
    with contextlib.suppress(queue.Empty):
        while True:
            team.idle.get_nowait().close()
    if not team.busy:
        team.watchdog.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(team.gate_path)  # noqa: PTH108 - bytes


def _ended() -> PictureProblem:
    return PictureProblem(ProblemKind.TIMEOUT, "the decoding was ended: ask again")


def _odd(made: object) -> SearchError:
    return SearchError(f"a decode worker made {type(made).__name__}: report this as a bug")
