"""`search forget`: take pictures out of the library and keep them out; the files are not touched."""

import os
from typing import Annotated

import typer

from cli import context, options
from cli.console import ask, can_ask, emit, emit_json
from cli.units import counted
from core.paths import absolute, display

EXAMPLES = """\
search forget ~/Pictures/private
search forget --undo ~/Pictures/private"""

Paths = Annotated[list[str], typer.Argument(metavar="PATH", help="Files or folders.", show_default=False)]
Undo = Annotated[bool, typer.Option("--undo", help="Let them in again; the next search index embeds them anew.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Forget without asking.")]


def forget(
    paths: Paths,
    undo: Undo = False,
    yes: Yes = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Take files or folders out of the library for good.

    The pictures themselves stay where they are; later runs leave them out, also where they were moved.
    """
    named = [absolute(os.fsencode(path)) for path in paths]
    if not undo and not yes:
        _confirm(named)
    done: list[dict[str, object]] = []
    with context.open_library(library) as opened:
        for path in named:
            number = opened.unforget(path) if undo else opened.forget(path)
            done.append({"path": display(path), "files": number})
            if not as_json:
                emit(f"{display(path)}: {_done(number, undo=undo)}")
    if as_json:
        emit_json({"let_in" if undo else "forgotten": done})


def _done(number: int, *, undo: bool) -> str:
    if undo:
        return f"{counted(number, 'file')} let in again; search index finds them"
    if not number:
        return "nothing there is in the library; later runs leave it out"
    return f"{counted(number, 'file')} forgotten; the files are untouched"


def _confirm(paths: list[bytes]) -> None:
    """Ask where somebody can answer; a script is taken at its word (`--undo` takes it back).

    Raises:
        typer.Exit: the answer is no.
    """
    names = ", ".join(display(path) for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    if can_ask() and not ask(f"Forget {names}? They will not come back by themselves.", default=False):
        raise typer.Exit(1)
