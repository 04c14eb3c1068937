"""`search serve`, put together: a library that is held, its post, and those who answer; from here until told to stop.

What else answers from the same library (the page, over HTTP) is a door: it is handed the same `Held`.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING

from core.errors import SearchError
from semantic_image_search.warm.held import Held
from semantic_image_search.warm.memory import settle, stay_lean
from semantic_image_search.warm.post import CAN_POST, open_post
from semantic_image_search.warm.server import Heard, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from semantic_image_search import Library

LOOK_S = 30.0  # between two looks whether anybody still asks
SWITCH_S = 0.0005  # Python lets a thread wait 5 ms for its turn: what arrives would wait so for each step of an answer
ENDING_S = 2.0  # for questions that are being answered when the server ends


@dataclass(frozen=True, slots=True)
class Ready:
    """Model and index are in memory."""

    seconds: float  # that it took
    trouble: SearchError | None = None  # what could not be loaded; such questions are answered elsewhere


@dataclass(frozen=True, slots=True)
class LetGo:
    """Nobody asked for the time set: model and index are no longer in memory."""


Report = Ready | LetGo | Heard

if TYPE_CHECKING:
    Door = Callable[[Held], AbstractContextManager[object]]


def serve(
    library: Path,
    open_library: Callable[[], Library],
    *,
    idle_s: float,
    report: Callable[[Report], None],
    stop: Event,
    doors: Sequence[Door] = (),
) -> None:
    """Answer for a library until `stop` is set, or until an exception (Ctrl-C) ends the wait for it.

    Args:
        library: its folder, absolute.
        open_library: opens it; called again after it was let go of.
        idle_s: without a question so long, model and index are let go of; 0: never.
        report: hears what happens, from any thread.
        stop: set by somebody else.
        doors: what else answers from it. Each is entered when the library is at hand, left before it is let go of.

    Raises:
        LibraryNotFound: nothing has been indexed yet, and there is no door behind which that could be done.
        SearchError: it has a server already, or there is no place for a socket.
        UsageError: this system has no sockets for the command line, and there is no door either.
    """
    if not doors:  # the page shows how to begin; the command line says it without a server
        _must_be_indexed(library)
    stay_lean()
    sys.setswitchinterval(SWITCH_S)
    held = Held(open_library, idle_s=idle_s)
    with ExitStack() as ends:
        ends.callback(held.let_go)
        if not doors or CAN_POST:
            _answer_the_command_line(library, held, report, ends)
        for door in doors:
            ends.enter_context(door(held))
        ends.callback(held.turns.close)  # first of all: whoever waits for a turn would keep its door open
        report(_warm_up(held))
        while not stop.wait(min(idle_s / 4, LOOK_S) if idle_s else None):
            if held.let_go_when_idle():
                report(LetGo())


def _answer_the_command_line(library: Path, held: Held, report: Callable[[Report], None], ends: ExitStack) -> None:
    """Have clients taken in by a thread until `ends`; another server may come when the library was let go of."""
    post = open_post(library)
    ends.callback(post.close)
    ends.callback(held.let_go)
    server = Server(os.fsencode(library), held, report)
    ends.callback(server.end, wait_s=ENDING_S)
    taking_in = Thread(target=server.take_in, args=(post,), daemon=True)
    taking_in.start()
    ends.callback(taking_in.join)
    ends.callback(post.leave)


def _must_be_indexed(library: Path) -> None:
    from db import open_reader

    with open_reader(library) as reader:
        reader.active_space()


def _warm_up(held: Held) -> Ready:
    """Load what the first question would have to wait for; nobody asked for it, so nothing of it ends the server."""
    started, trouble = perf_counter(), None
    try:
        with held.library() as library:
            library.search("a picture", k=1, rerank=0)
    except SearchError as error:
        trouble = error
    settle()
    return Ready(perf_counter() - started, trouble)
