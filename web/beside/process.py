"""One process beside the server, as the server sees it: started, asked, and gone."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from contextlib import suppress
from enum import Enum
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING

from core.frames import read_frame, write_frame
from web.beside.messages import Question, Ready, Told
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from web.access.scopes import Scope
    from web.api.searching import Part, SearchAsked
    from web.beside.messages import Setup

COMMAND = (sys.executable, "-P", "-m", "web.beside.child")  # -P: nothing is imported from where the server was started
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # the other cores are at work on others' questions
START_S = 60.0  # until model and index are in its memory
PATIENCE_S = 30.0  # for one answer, which takes some hundredths of a second


class State(Enum):
    """How far a process is."""

    READY = "ready"  # it can be asked
    GONE = "gone"  # it was ready, and has ended
    FAILED = "failed"  # it ended by itself before it was ready
    ENDED = "ended"  # as it was told to, before it was ready


class Process:
    """A process that answers one question at a time; started at once.

    Args:
        setup: whom it answers for.
        hear: called with READY and GONE, or with one of the other two, from a thread of its own.
        command: the program; `web.beside.child`, unless a test has another.

    Raises:
        OSError: there can be no such process.
    """

    def __init__(self, setup: Setup, hear: Callable[[Process, State], None], command: Sequence[str] = COMMAND) -> None:
        # Its own session: a Ctrl-C at the server's terminal is the server's, which then ends the process.
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ONE_THREAD,
            start_new_session=True,
        )
        self._retired = False
        self._talking = Lock()
        Thread(target=self._live, args=(setup, hear), name="beside", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._retired and self._process.poll() is None

    def ask(self, asked: SearchAsked, scope: Scope) -> Part | None:
        """What it found; None where it ended before it had answered.

        Raises:
            Problem: the question cannot be answered.
        """
        told = self._say(Question(asked.model_dump_json().encode(), scope), PATIENCE_S)
        if not isinstance(told, Told):
            self.end()
            return None
        if told.refused is not None:
            raise Problem(told.refused.status, told.refused.code, told.refused.detail)
        return told.part

    def end(self) -> None:
        """Ask it nothing any more; returns at once."""
        self._retired = True
        with suppress(OSError):
            self._process.kill()  # it keeps nothing that a polite end would save

    def _say(self, message: Setup | Question, timeout_s: float) -> object:
        """What it answers; None where it has ended, or says nothing for so long."""
        with self._talking, suppress(EOFError, OSError, ValueError):  # ValueError: the pipe was closed
            write_frame(_pipe(self._process.stdin), message)
            pipe = _pipe(self._process.stdout)
            waiting = select.poll()
            waiting.register(pipe, select.POLLIN)
            if waiting.poll(1000 * timeout_s):
                return read_frame(pipe)
        return None

    def _live(self, setup: Setup, hear: Callable[[Process, State], None]) -> None:
        """From its start to its end."""
        if isinstance(self._say(setup, START_S), Ready):
            hear(self, State.READY)
            end = State.GONE
        else:
            end = State.ENDED if self._retired else State.FAILED
            self.end()
        self._process.wait()
        with self._talking:
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    _pipe(pipe).close()
        hear(self, end)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - asked for above
    return pipe
