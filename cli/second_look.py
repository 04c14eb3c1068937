"""The options of `search query` that say what a match is and who looks again, and how far that is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.console import err_is_terminal, say
from cli.progress import EVERY_S, amount
from core.errors import UsageError

if TYPE_CHECKING:
    from core.indexing import Progress, ProgressListener

PANEL = "How well they fit"
PATIENCE_S = 1.0  # before a terminal is shown how far it is

RerankDepth = Annotated[
    str,
    typer.Option(
        "--rerank",
        metavar="NUMBER",
        help="Let a slower, better model look at so many; off, or auto: where it is here and quick.",
        rich_help_panel=PANEL,
    ),
]
FusedBy = Annotated[
    Literal["itm", "itm+itc", "itm+clip"],
    typer.Option("--fusion", metavar="NAME", help="itm, itm+itc or itm+clip.", rich_help_panel=PANEL),
]
LeastMatch = Annotated[
    float | None,
    typer.Option(
        "--min-match",
        metavar="NUMBER",
        min=0,
        max=1,
        help="Only what matches this probably, 0 to 1.",
        rich_help_panel=PANEL,
    ),
]
OnlyMatches = Annotated[
    bool, typer.Option("--only-matches", help="Only what probably matches: --min-match 0.5.", rich_help_panel=PANEL)
]


def depth_of(text: str) -> int | Literal["auto"]:
    """What was typed after --rerank; 0 stands for off.

    Raises:
        UsageError: neither a number nor a word it knows.
    """
    if text == "auto":
        return "auto"
    if text == "off":
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise UsageError(f"--rerank takes a number of candidates, off or auto, and not {text!r}")
    return int(text)


def least_match(number: float | None, *, only: bool) -> float | None:
    """The least probability that a hit must have.

    Raises:
        UsageError: both options say so.
    """
    from core.queries import LIKELY_MATCH

    if only and number is not None:
        raise UsageError(f"--only-matches is --min-match {LIKELY_MATCH}: give one of them")
    return LIKELY_MATCH if only else number


@contextmanager
def look_shown(*, clock: Callable[[], float] = monotonic) -> "Iterator[ProgressListener]":
    """A listener for `Library.search`: one line that goes on a terminal, a plain line now and then in a pipe."""
    terminal, started = err_is_terminal(), clock()
    last = started

    def show(progress: "Progress") -> None:
        nonlocal last
        now = clock()
        if terminal and now - started >= PATIENCE_S:
            sys.stderr.write(f"\r\x1b[Kreranking: {amount(progress)}")
            sys.stderr.flush()
        elif not terminal and now - last >= EVERY_S:
            last = now
            say(f"reranking: {amount(progress)}")

    try:
        yield show
    finally:
        if terminal and clock() - started >= PATIENCE_S:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
