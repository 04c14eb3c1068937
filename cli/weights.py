"""Model weights that are not here yet: ask once, then carry on with the download allowed, or with the built-in model.

Fetching is `encoders`'s, and so is the progress bar of the download. What becomes of a script, where nobody can be
asked, is decided in `semantic_image_search.choice`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import typer

from cli.console import ask, can_ask, say
from cli.units import size
from core.errors import LibraryNotFound, LibraryTooOld, UnknownModel, WeightsMissing
from core.paths import display

if TYPE_CHECKING:
    from semantic_image_search import Library

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Way:
    """How to come by a model where nobody named one."""

    model: str | None = None  # take this one; None: leave it to the front door
    download: bool = False  # fetch what is missing


def with_weights(
    open_library: Callable[[bool], "Library"], work: Callable[["Library"], T], *, yes: bool | None = None
) -> T:
    """Do the work in a library; see `fetching`.

    Args:
        open_library: opens it; its argument says whether weights may be fetched.
        work: what to do with it. Called a second time only after WeightsMissing.
        yes: fetch without asking; None: the command has no such option.

    Raises:
        WeightsMissing: they are not to be fetched; with no terminal and no --yes, nobody is asked.
    """

    def opened(download: bool) -> T:
        with open_library(download) as library:
            return work(library)

    return fetching(opened, yes=yes)


def fetching(work: Callable[[bool], T], *, yes: bool | None = None) -> T:
    """Do the work; where weights are missing and may be fetched, do it again with the download allowed.

    Args:
        work: its argument says whether weights may be fetched.
        yes: fetch without asking; None: the command has no such option.

    Raises:
        WeightsMissing: they are not to be fetched; with no terminal and no --yes, nobody is asked.
    """
    try:
        return work(False)
    except WeightsMissing as missing:
        if not missing.fetchable or not may_fetch(missing.fetchable, yes=bool(yes)):
            raise _with_the_option(missing, yes) from None
    return work(True)


def choosing(work: Callable[[Way], T], *, default: str, later: str, yes: bool | None = None) -> T:
    """Do the work where nobody named a model and the default's weights are not here: download, or the built-in model?

    A person at a terminal is asked; a script is left to the front door.

    Args:
        work: goes the way that was chosen.
        default: the model that could be downloaded.
        later: the command that brings it another time.
        yes: download without asking; None: the command has no such option.

    Raises:
        WeightsMissing: there are many pictures, and the weights are not to be fetched or not to be had.
        typer.Exit: they are not to be had, and the person does not want the built-in model.
    """
    from encoders import BUILT_IN

    way = _ask_which(default, later, yes=bool(yes))
    try:
        return work(way)
    except WeightsMissing as missing:
        if way.model is not None or yes or not can_ask():
            raise _with_the_option(missing, yes) from None
        say(f"search: {missing}", style="red")
        if not ask(f"Take {BUILT_IN} instead?", default=True):
            raise typer.Exit(1) from missing
    return work(Way(model=BUILT_IN))


def model_of(library: "Library") -> str:
    """The name of the model that embeds this library's pictures next; for a new library, the one in the settings."""
    try:
        return library.status().model or library.settings.model
    except (LibraryNotFound, LibraryTooOld):
        return library.settings.model


def what_is_fetched(name: str) -> str:
    """The model, how much there is to download, and where it goes: "ViT-B-32 (605 MB) to ~/.cache/…"."""
    from encoders import cache_folder, find_model

    where = display(str(cache_folder()).encode("utf-8", "surrogateescape"))
    try:
        size_bytes = find_model(name).download_bytes
    except (UnknownModel, WeightsMissing):  # of a model of the hub's nothing is known before it is fetched
        size_bytes = 0
    return f"{name} ({size(size_bytes)}) to {where}" if size_bytes else f"{name} to {where}"


def may_fetch(name: str, *, yes: bool = False) -> bool:
    """Ask the person at the terminal whether to download; without one, only --yes allows it."""
    if yes:
        say(f"downloading {what_is_fetched(name)}")
        return True
    return can_ask() and ask(f"Download {what_is_fetched(name)}?", default=True)


def _ask_which(default: str, later: str, *, yes: bool) -> Way:
    from encoders import BUILT_IN

    if not yes and not can_ask():
        return Way()
    if yes:
        say(f"downloading {what_is_fetched(default)}")
        return Way(download=True)
    question = f"Download {what_is_fetched(default)}? Without it {BUILT_IN} is used, the small model that is built in"
    if ask(question, default=True):
        return Way(download=True)
    say(f"{BUILT_IN} is used; `{later}` changes that")
    return Way(model=BUILT_IN)


def _with_the_option(missing: WeightsMissing, yes: bool | None) -> WeightsMissing:
    """The error, with --yes as one more way out where the command has that option and it was not given."""
    if yes is not False or not missing.fetchable:
        return missing
    return WeightsMissing(f"{missing}, or add --yes", fetchable=missing.fetchable, why=missing.why)
