"""How a command that could not do its work ends: one line on stderr, and an exit code.

A `SearchError` is a sentence for people. Anything else is a bug of ours: a short apology and the path of a log file
that holds the traceback and nothing about the words or pictures beside it.
"""

import contextlib
import errno
import os
import platform
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path

import typer

from cli.console import one_line, say
from core.disk import is_full
from core.errors import SearchError, UsageError
from core.program import NAME

INTERRUPTED = 130  # 128 + SIGINT, as shells count
PIPE_CLOSED = 141  # 128 + SIGPIPE

_NOT_WRITTEN = frozenset({errno.EIO, errno.EBADF})

# Typer shows this one of its base classes under no public name: the root of what it raises about words on the line.
BadCommandLine: type[Exception] = typer.BadParameter.__mro__[2]


REWORDED = tuple(
    (re.compile(said), better)
    for said, better in (
        (r"Value error, ", ""),
        (r"Input should be (.*?)(, unable to parse.*)?$", r"it must be \1"),
        (r" \(Possible options: (.*)\)$", r"; did you mean \1?"),
        (r"\.$", ""),
    )
)
"""Typer's (and pydantic's) words, made plainer."""

EXPECTED = (SearchError, BadCommandLine, typer.Abort, KeyboardInterrupt, EOFError, BrokenPipeError, SystemExit)
"""Every way a command ends early that is no bug."""


def exit_code(end: BaseException) -> int:
    """Say in one line what there is to say about one of EXPECTED; return the exit code."""
    closed = isinstance(end, BrokenPipeError)
    if isinstance(end, SystemExit):  # rich turns a closed pipe into one
        closed = isinstance(end.__context__, BrokenPipeError)
        if not closed:
            raise end
    if closed:
        return pipe_closed()
    if isinstance(end, SearchError):
        return refuse(end)
    if isinstance(end, BadCommandLine):
        return refuse_words(end)
    return interrupted()


def refuse(error: SearchError) -> int:
    """Print the one line of an error of ours; return the exit code."""
    say(f"search: {error}", style="red")
    return 2 if isinstance(error, UsageError) else 1


def refuse_words(error: BaseException) -> int:
    """Print one line for words that Typer could not make sense of, and where to read more; return the exit code."""
    message = one_line(str(getattr(error, "format_message", error.__str__)()))
    for said, better in REWORDED:
        message = said.sub(better, message)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "search"
    say(f"search: {message[:1].lower()}{message[1:]} (see: {command} --help)", style="red")
    return 2


def interrupted() -> int:
    """Say that the person stopped it; return the exit code."""
    sys.stderr.write("\n")
    say("search: stopped")
    return INTERRUPTED


def leave_at_once(code: int) -> None:
    """End the process where threads are still at work; it would wait for them: for the batch that one encodes, say.

    Whoever pressed Ctrl-C once got what was finished first. All that was opened is closed by now.
    """
    if all(thread.daemon or thread is threading.main_thread() for thread in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def pipe_closed() -> int:
    """Whoever read our output has enough (`| head`): go without a word; return the exit code."""
    _write_nowhere()
    return PIPE_CLOSED


def is_of_output(error: OSError) -> bool:
    """Whether our output could not be written, to a full disk for example: files of ours have names."""
    return error.filename is None and (is_full(error) or error.errno in _NOT_WRITTEN)


def output_lost(error: OSError) -> int:
    """Say in one line that the output could not be written; return the exit code."""
    _write_nowhere()
    say(f"search: the output cannot be written ({error.strerror}): see where it was to go", style="red")
    return 1


def open_closed_streams() -> None:
    """Where this program was started without an output (`>&-`), what it says goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - until the end


def _write_nowhere() -> None:
    """So that the flush at exit has somewhere to go."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def apologise(error: Exception, *, debug: bool) -> int:
    """A bug: the whole traceback where it was asked for, else a log file with it; return the exit code."""
    if debug:
        traceback.print_exception(error)
        return 1
    try:
        where = f"what happened is written to {_write_log(error)}"
    except OSError as trouble:
        where = f"no log could be written ({trouble.strerror}); run it again with --debug to see what happened"
    say(f"search: this is a bug in search, sorry ({type(error).__name__}); {where}", style="red")
    return 1


def _write_log(error: Exception) -> Path:
    from platformdirs import user_log_path

    now = datetime.now(UTC)
    folder = user_log_path(NAME, appauthor=False)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"error-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    head = f"{now:%Y-%m-%d %H:%M:%S} UTC, Python {platform.python_version()}, {platform.platform()}\n\n"
    log.write_text(head + "".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    return log
