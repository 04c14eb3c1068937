"""`search mcp`: the library as tools for agents, over the Model Context Protocol."""

import os
import signal
import sys
from typing import Annotated

import typer

from cli import context, options

EXAMPLES = """\
search mcp
claude mcp add pictures -- search mcp --library ~/my-library
search mcp --allow ~/Downloads   # pictures in there may be looked up, too"""

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", metavar="FOLDER", help="Beside the library's, pictures in here may be named by path. Repeatable."
    ),
]


def mcp(
    allow: Allow = None,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Let an agent search your pictures and look at them, over the Model Context Protocol.

    It speaks on stdin and stdout, and is started by the agent's program. The tools only look: nothing is changed.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: products of one answer are small
    from cli.console import say
    from core.paths import absolute
    from core.settings import load_settings
    from web.agents import Allowed, serve_agent

    settings = load_settings(library=library and library.expanduser(), device=device)
    path = settings.library.absolute()
    # What waits for the client's next word hears of nothing else; and there is nothing to save.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdin.isatty():
        say("an agent's program starts this and speaks to it: see docs/agents.md; Ctrl-C ends it")
    serve_agent(
        lambda: context.open_library(path, device=device),
        allowed=Allowed(tuple(absolute(folder) for folder in allow or ())),
        idle_s=60 * settings.serve_idle_minutes,
    )
