"""`search status`: what the library holds, where, and how well it can be searched."""

from typing import Annotated

import typer

from cli import context, options

EXAMPLES = """\
search status
search status --problems"""

Problems = Annotated[bool, typer.Option("--problems", help="List every file that could not be read, and why.")]


def status(
    problems: Problems = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Show what the library holds, and how it is searched."""
    from cli.console import emit_json
    from cli.states import show_problems, show_status, status_json

    with context.open_library(library) as opened:
        state = opened.status()
        listed = opened.problems() if problems else []
    if as_json:
        emit_json(status_json(state, listed if problems else None))
        return
    if problems:
        show_problems(listed)
    else:
        show_status(state)
