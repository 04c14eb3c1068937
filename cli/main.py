"""The program `search`: what was typed, in; an exit code, out. The one place where errors are caught."""

import atexit
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from cli import failures
from cli.console import say
from cli.quick import read_quickly
from cli.routing import Grammar, route

COMPLETION = "_SEARCH_COMPLETE"  # set by the script that --install-completion writes


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: what was typed behind `search`; None: sys.argv.

    Returns:
        0 done, 1 could not, 2 not understood, 130 stopped by Ctrl-C, 141 nobody reads our output any more.
    """
    if argv is not None:
        return _run(argv)
    failures.open_closed_streams()
    end = _End()
    atexit.register(end.leave)  # called after all that is registered from here on
    end.code = _run(sys.argv[1:])
    if end.code == failures.INTERRUPTED:
        failures.leave_at_once(end.code)
    return end.code


def _run(argv: Sequence[str]) -> int:
    words, debug = _take_debug(argv)
    try:
        return _finish(_carry_out(words))
    except failures.EXPECTED as end:
        return failures.exit_code(end)
    except OSError as error:
        if failures.is_of_output(error) and not debug:
            return failures.output_lost(error)
        return failures.apologise(error, debug=debug)
    except Exception as error:  # noqa: BLE001 - whatever else comes is a bug, and is shown as one
        return failures.apologise(error, debug=debug)


@dataclass
class _End:
    """How the program ends."""

    code: int | None = None

    def leave(self) -> None:
        """Out at once, when all else is done: to take apart what is loaded takes Python a tenth of a second."""
        if self.code is not None:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None and not stream.closed:
                    stream.flush()
            os._exit(self.code)


def _carry_out(words: Sequence[str]) -> int:
    completing = COMPLETION in os.environ  # the shell asks what could follow
    try:
        plain = None if completing else read_quickly(words)
        if plain is not None:
            plain()
            return 0
    except typer.Exit as stop:
        return stop.exit_code
    return _carry_out_by_typer(words, completing=completing)


def _carry_out_by_typer(words: Sequence[str], *, completing: bool) -> int:
    from cli.app import build_command  # every command, and every option of each

    command = build_command()
    if completing:
        command.main(prog_name="search")
    found = route(words, Grammar.of(command))
    if found.hint:
        say(found.hint)
    try:
        with command.make_context("search", list(found.words)) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return 0


def _finish(code: int) -> int:
    """What is still in the buffer goes out while a closed pipe can be told from a bug."""
    sys.stdout.flush()
    return code


def _take_debug(argv: Sequence[str]) -> tuple[list[str], bool]:
    """`--debug` works anywhere before a `--`."""
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    kept = [word for word in words[:end] if word != "--debug"]
    return [*kept, *words[end:]], len(kept) < end
