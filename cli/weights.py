"""Model weights that are not here yet: ask once, then carry on with the download allowed.

Fetching is `encoders`'s, and so is the progress bar of the download.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cli.console import ask, can_ask, say
from cli.units import size
from core.errors import LibraryNotFound, LibraryTooOld, UnknownModel, WeightsMissing
from core.paths import display

if TYPE_CHECKING:
    from semantic_image_search import Library

T = TypeVar("T")


def with_weights(
    open_library: Callable[[bool], "Library"],
    work: Callable[["Library"], T],
    *,
    model: str | None,
    yes: bool | None = None,
) -> T:
    """Do the work; where weights are missing and may be fetched, do it again with the download allowed.

    Args:
        open_library: opens the library; its argument says whether weights may be fetched.
        work: what to do with it. Called a second time only after WeightsMissing.
        model: the model that was asked for by name, if any.
        yes: fetch without asking; None: the command has no such option.

    Raises:
        WeightsMissing: they are not to be fetched; with no terminal and no --yes, nobody is asked.
    """
    with open_library(False) as library:
        try:
            return work(library)
        except WeightsMissing as missing:
            if not may_fetch(model or model_of(library), yes=bool(yes)):
                raise missing if yes is None else WeightsMissing(f"{missing}, or add --yes") from missing
    with open_library(True) as library:
        return work(library)


def model_of(library: "Library") -> str:
    """The name of the model that embeds this library's pictures next; for a new library, the one in the settings."""
    try:
        spaces = library.status().spaces
    except (LibraryNotFound, LibraryTooOld):
        return library.settings.model
    return spaces[-1].space.name if spaces else library.settings.model


def what_is_fetched(name: str) -> str:
    """The model, how much there is to download, and where it goes: "ViT-B-32 (605 MB) to ~/.cache/…"."""
    from encoders import cache_folder, find_model

    where = display(str(cache_folder()).encode("utf-8", "surrogateescape"))
    try:
        size_bytes = find_model(name).download_bytes
    except UnknownModel:
        size_bytes = 0
    return f"{name} ({size(size_bytes)}) to {where}" if size_bytes else f"{name} to {where}"


def may_fetch(name: str, *, yes: bool = False) -> bool:
    """Ask the person at the terminal whether to download; without one, only --yes allows it."""
    if yes:
        say(f"downloading {what_is_fetched(name)}")
        return True
    return can_ask() and ask(f"Download {what_is_fetched(name)}?", default=True)
