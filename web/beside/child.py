"""A process that searches: `python -m web.beside.child`, started by `web.beside.process` and by nobody else.

It is fed through its standard input and answers one question after the other; it ends with that input, and by itself
when nobody has asked for a while. What libraries print goes to stderr.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from core.errors import SearchError
from core.frames import read_frame, write_frame
from core.models import Device
from semantic_image_search import open_library
from semantic_image_search.warm.memory import settle, stay_lean
from web.access.scopes import Scope
from web.api.searching import Asking, Part, SearchAsked, find
from web.beside.messages import Question, Ready, Refused, Setup, Told
from web.problems import as_problem

if TYPE_CHECKING:
    from core.indexing import Progress
    from semantic_image_search import Library

IDLE_S = 120.0  # without a question: the rush is over
_NICE = 5  # what the server does for a question is short, and every question waits for it


def main() -> None:
    """Answer until the input ends, or nobody asks any more."""
    source, sink = os.fdopen(0, "rb", closefd=False), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    stay_lean()
    os.nice(_NICE)
    with suppress(EOFError, BrokenPipeError):  # the server has ended
        setup = read_frame(source)
        if not isinstance(setup, Setup):
            raise TypeError(f"expected a Setup, got {type(setup).__name__}")
        with open_library(Path(os.fsdecode(setup.library)), device=Device(setup.device)) as library:
            with suppress(SearchError):  # told where somebody asks
                library.search("a picture", k=1, rerank=0)
            settle()
            write_frame(sink, Ready())
            _answer_all(library, source, sink)


def _answer_all(library: Library, source: IO[bytes], sink: IO[bytes]) -> None:
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    while waiting.poll(1000 * IDLE_S) and isinstance(question := read_frame(source), Question):
        write_frame(sink, _told(library, question))


def _told(library: Library, question: Question) -> Told:
    parts: list[Part] = []
    try:
        asked = SearchAsked.model_validate_json(question.asked)
        find(library, asked, Asking(question.scope, parts.append, _unheard))
    except Exception as error:  # noqa: BLE001 - told to who asked; a bug is reported by it
        problem = as_problem(error, is_owner=question.scope is Scope.OWNER)
        return Told(None, Refused(problem.status, problem.code, problem.detail))
    return Told(parts[-1], None)


def _unheard(progress: Progress | None = None) -> None:
    """An answer is over before anybody could leave."""
    del progress


if __name__ == "__main__":
    main()
