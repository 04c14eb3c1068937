"""One index run, in a process of its own: `python -m web.jobs.child`, started by `web.jobs.job` and by nobody else.

What to do comes as one line of JSON on stdin (`Wanted`); when stdin ends, because the run is cancelled or the server is
no more, the run ends as at Ctrl-C. What happens goes to stdout, a line of JSON each: `{"progress": …}` now and then,
and `{"done": …}` or `{"problem": …}` as the last. What libraries print goes to stderr.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import SearchError
from core.models import Device
from core.notices import details
from web.jobs.wanted import Wanted

if TYPE_CHECKING:
    from core.indexing import IndexReport, Problem, Progress

EVERY_S = 0.1  # between two lines of progress
MOST_PROBLEMS = 100  # files named in the report
_NICE = 10  # who asks the server comes first


def main() -> None:
    """Read what is wanted, do it, say what became of it."""
    lines = _Lines(os.dup(1))
    os.dup2(2, 1)
    with suppress(AttributeError, OSError):  # Windows has no such thing
        os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a server in the background ignores it, and so would we
    wanted = Wanted.from_json(_first_line())
    try:
        lines.say("done", _report_told(_index(wanted, lines)))
    except KeyboardInterrupt:
        lines.say("done", None)  # stopped before there was anything to keep
    except SearchError as error:
        from web.problems import problem_of, problem_told

        lines.say("problem", problem_told(problem_of(error)))


def _index(wanted: Wanted, lines: _Lines) -> IndexReport:
    from semantic_image_search import open_library

    with open_library(Path(os.fsdecode(wanted.library)), device=Device(wanted.device)) as library:
        threading.Thread(target=_stop_when_stdin_ends, daemon=True).start()
        return library.index(wanted.paths, prune=wanted.prune, listener=lines.progress)


class _Lines:
    """What the server is told."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._stage, self._said_at = "", 0.0

    def say(self, kind: str, value: object) -> None:
        """One line; nothing where nobody hears it any more."""
        with suppress(BrokenPipeError):
            os.write(self._to, json.dumps({kind: value}).encode() + b"\n")

    def progress(self, progress: Progress, /) -> None:
        """How far it is; each stage's beginning, then not too often."""
        if progress.stage == self._stage and monotonic() - self._said_at < EVERY_S:
            return
        self._stage, self._said_at = progress.stage, monotonic()
        self.say("progress", asdict(progress))


def _first_line() -> bytes:
    """From the file descriptor itself: a thread that waits in `sys.stdin` would keep Python from ending."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(0, 1)):
        line += more
    return line


def _stop_when_stdin_ends() -> None:
    while os.read(0, 1_024):
        pass
    if sys.platform == "win32":
        import _thread

        _thread.interrupt_main()
    else:
        main_thread = threading.main_thread().ident
        if main_thread is not None:
            signal.pthread_kill(main_thread, signal.SIGINT)


def _report_told(report: IndexReport) -> dict[str, object]:
    """As `search index --json` has it, with the first problems only."""
    counts = ("added", "changed", "moved", "unchanged", "removed", "offline", "skipped", "ignored", "embedded")
    return {
        **{name: getattr(report, name) for name in counts},
        "captions": report.captions,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "model": report.model,
        "problems": [_problem_told(problem) for problem in report.problems[:MOST_PROBLEMS]],
        "notices": list(report.notices),
        "notice_details": [details(one) for one in report.notices],
    }


def _problem_told(problem: Problem) -> dict[str, str]:
    from core.paths import json_path

    return {**json_path(problem.path), "reason": problem.reason, "kind": problem.kind.value}


if __name__ == "__main__":
    main()
