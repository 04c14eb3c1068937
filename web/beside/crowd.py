"""Decides when processes beside the server are worth their memory, and hands them out.

Nobody pays for what he does not need: as long as one person types, the server alone answers. A process is started when
questions keep meeting others that are being answered, and ended when that has been over for a while.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import SearchError
from web.beside.messages import Setup
from web.beside.process import COMMAND, Process, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from semantic_image_search.warm.held import Held
    from web.api.searching import SearchAsked

CROWD, WITHIN_S = 20, 10.0  # questions that met another one, and in how long a time: more than one person's typing
CALM_S = 120.0  # without two questions at once: the crowd has gone
MOST = 4  # processes by default
CAN = os.name == "posix"  # elsewhere a pipe cannot be waited for so


class Beside:
    """The processes beside one server. For any thread.

    Args:
        library: its folder, absolute.
        held: what the server answers from; its turns are shared.
        most: processes that search; 0: one for each core, at most MOST; 1: the server alone.
        command: as `Process` has it.
        clock: seconds that go on.
    """

    def __init__(
        self,
        library: Path,
        held: Held,
        most: int = 0,
        *,
        command: Sequence[str] = COMMAND,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._library = library
        self._held = held
        most = most or min(os.cpu_count() or 1, MOST)
        self._most = most if CAN and most > 1 else 0
        self._command = command
        self._clock = clock
        self._lock = Lock()
        self._processes: set[Process] = set()  # that were started and have not ended
        self._generation = 0  # `Held.generation` when they were started
        self._starting = False
        self._met: deque[float] = deque(maxlen=CROWD)  # when a question found somebody at work here
        self._together_at = 0.0  # when a question found somebody at work anywhere

    @property
    def count(self) -> int:
        """How many there are, the one that is starting among them."""
        return len(self._processes)

    def takes(self, asked: SearchAsked) -> bool:
        """Whether this question had better be taken wherever there is room; may have a process started.

        What needs more than library and model (an upload, what was on the pages before, a reranker, of which one in
        memory is enough) is the server's.
        """
        if not self._most or asked.uploads or asked.cursor is not None:
            return False
        self._notice()
        return bool(self._processes) and not self._reranks(asked)

    @contextmanager
    def turn(self, waiting: Callable[[], None]) -> Iterator[Process | None]:
        """A turn in a process beside the server, or here: None. As `Turns.one`."""
        with self._held.turns.anywhere(waiting) as seat:
            if seat is None:
                yield None
            else:
                assert isinstance(seat, Process)  # noqa: S101 - nothing else is a seat
                yield seat

    def close(self) -> None:
        """End them, and start none any more; returns at once."""
        with self._lock:
            self._most = 0
            processes = list(self._processes)
        for process in processes:
            process.end()

    def _notice(self) -> None:
        """Somebody asks: start one, or end all, where it is time for it."""
        now, is_alone = self._clock(), not self._held.turns.begun
        is_out_of_date = self._generation != self._held.generation  # the server has opened the library anew
        if is_out_of_date or (is_alone and now - self._together_at > CALM_S):
            self._end_all()
        if not is_alone:
            self._together_at = now
        if self._is_crowd(now):
            self._start()

    def _is_crowd(self, now: float) -> bool:
        """Whether one more is needed, and may be; then it is about to be started."""
        turns = self._held.turns
        if turns.free == turns.count:
            return False
        with self._lock:
            self._met.append(now)
            often = len(self._met) == CROWD and now - self._met[0] <= WITHIN_S
            if not often or self._starting or len(self._processes) >= self._most:
                return False
            self._starting = True
            self._met.clear()
            return True

    def _start(self) -> None:
        """One more. Not where models run on a GPU: that answers many at once, and has no memory for two of each."""
        from encoders.device import certainly_cpu

        with self._held.glance() as library:
            device = library.settings.device
        if not certainly_cpu(device):
            self._most = 0
            return
        setup = Setup(os.fsencode(self._library), device.value)
        with self._lock:
            self._generation = self._held.generation
            try:
                process = Process(setup, self._hear, self._command)
            except OSError:
                self._most = 0
                self._starting = False
                return
            self._processes.add(process)

    def _hear(self, process: Process, state: State) -> None:
        """From the thread that looks after a process."""
        with self._lock:
            self._starting = False
            if state is not State.READY:
                self._processes.discard(process)
            if state is State.FAILED:
                self._most = 0  # it would not come up the next time either: the server answers alone, as before
        if state is State.READY:
            self._held.turns.add(process)
        elif state is State.GONE:
            self._held.turns.remove(process)

    def _end_all(self) -> None:
        for process in list(self._processes):
            process.end()

    def _reranks(self, asked: SearchAsked) -> bool:
        """Whether a reranker may look at what is found."""
        if asked.rerank in {"off", 0}:
            return False
        try:
            with self._held.glance() as library:
                may = asked.rerank != "auto" or library.settings.rerank_budget_s > 0
                return may and library.second_stage.has_reranker
        except SearchError:  # a name that no model has: told where it is looked for
            return False
