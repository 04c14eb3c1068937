"""`search serve`: the page, and models and index held in memory, so that the command line answers at once."""

import os
import sys
import traceback
from contextlib import suppress
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options

if TYPE_CHECKING:
    from semantic_image_search.warm.serving import Report

EXAMPLES = """\
search serve --open
search serve --no-page --idle 60 &
search query -v "a dog on the beach"   # says who answered"""

Idle = Annotated[
    float | None,
    typer.Option(
        "--idle",
        metavar="MINUTES",
        min=0,
        help="Let go of models and index after so long without a question (10); 0: never.",
        show_default=False,
    ),
]
Chatty = Annotated[bool, typer.Option("--verbose", "-v", help="A line for each question: what kind, how long.")]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="NUMBER",
        min=0,
        max=65535,
        help="The page's port: 7117, or the next that is free. 0: any.",
        show_default=False,
    ),
]
OpenPage = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
Lan = Annotated[
    bool, typer.Option("--lan", help="Let others in this network search, too: shows an address with a token.")
]
Host = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="Also listen at this address, for whoever has the token."),
]
NewToken = Annotated[
    bool, typer.Option("--new-token", help="Make the token of --host anew and show it; without --host nothing else.")
]
TrustProxy = Annotated[
    str | None,
    typer.Option("--trust-proxy", metavar="NAME", help="A reverse proxy asks under this name and decides who may."),
]
BasePath = Annotated[
    str | None, typer.Option("--base-path", metavar="/PATH", help="What a reverse proxy has the page below.")
]
NoPage = Annotated[bool, typer.Option("--no-page", help="Answer the command line only; nothing listens on a port.")]


def serve(
    idle: Idle = None,
    verbose: Chatty = False,
    port: Port = None,
    open_page: OpenPage = False,
    no_page: NoPage = False,
    lan: Lan = False,
    host: Host = None,
    new_token: NewToken = False,
    trust_proxy: TrustProxy = None,
    base_path: BasePath = None,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Show your pictures in a browser, and answer search query and search lookup from memory.

    The page is at the address that is printed, for you alone. The commands find the server by themselves, and answer
    alone where there is none. Ctrl-C ends it.
    """
    # Before numpy is imported: several questions are answered at once, each with products of small matrices, and one
    # thread for each is quicker than all cores for all of them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from cli.console import say
    from cli.ending import ends_in_time
    from cli.failures import leave_at_once
    from cli.page import Wanted, doors, show_new_token
    from core.settings import load_settings
    from semantic_image_search.warm.serving import serve as serve_library

    settings = load_settings(library=library and library.expanduser(), device=device)
    minutes = settings.serve_idle_minutes if idle is None else idle
    path = settings.library.absolute()
    wanted = Wanted(
        port=port,
        open_browser=open_page,
        lan=lan,
        host=host,
        new_token=new_token,
        proxy=trust_proxy,
        base_path=base_path,
        no_page=no_page,
    )
    if wanted.only_a_token:
        show_new_token(path)
        return
    opened = doors(path, wanted, processes=settings.serve_processes)
    stop = Event()
    with ends_in_time(stop):
        with suppress(KeyboardInterrupt):
            serve_library(
                path,
                lambda: context.open_library(path, device=device),
                idle_s=60 * minutes,
                report=partial(_tell_if_anybody_hears, verbose=verbose),
                stop=stop,
                doors=opened,
            )
        with suppress(OSError):
            say("the server has ended")
        leave_at_once(0)  # without waiting for what still works on an answer that nobody hears


def _tell_if_anybody_hears(what: "Report", *, verbose: bool) -> None:
    """A server outlives the terminal that it was started from."""
    with suppress(OSError):
        _tell(what, verbose=verbose)


def _tell(what: "Report", *, verbose: bool) -> None:
    """One line on stderr; nothing of what was asked for."""
    from cli.console import say
    from core.errors import SearchError
    from semantic_image_search.warm.serving import LetGo, Ready

    if isinstance(what, Ready):
        say(f"answering search query and search lookup (ready after {what.seconds:.1f} s); Ctrl-C ends it")
        if what.trouble is not None:
            say(f"not all is at hand: {what.trouble}", style="yellow")
        return
    if isinstance(what, LetGo):
        say("nobody has asked for a while: models and index are let go of until the next question")
        return
    if what.trouble is not None and not isinstance(what.trouble, SearchError):
        traceback.print_exception(what.trouble, file=sys.stderr)
    if verbose:
        say(f"{what.kind} {what.took_ms:.1f} ms" + (f": {what.trouble}" if what.trouble else ""))
