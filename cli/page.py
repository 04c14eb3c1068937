"""The page of `search serve`: where it is listened for, and how that is told.

The address goes to stdout, alone on its line, so that a program can read it; all else is a notice.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import emit, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semantic_image_search.warm.held import Held
    from semantic_image_search.warm.serving import Door
    from web.access.addresses import Listening


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for on the command line."""

    port: int | None  # None: 7117, or the next that is free
    open_browser: bool


def page_door(library: Path, wanted: Wanted) -> "Door":
    """The page as a door of the server; its port is ours from now on.

    Raises:
        SearchError: it cannot be listened there.
    """
    from web.access.addresses import listen
    from web.door import open_door

    listening = listen(port=wanted.port)

    @contextmanager
    def door(held: "Held") -> "Iterator[None]":
        with open_door(held, library=library, listening=listening):
            _tell(listening, wanted)
            yield

    return door


def _tell(listening: "Listening", wanted: Wanted) -> None:
    from web.access.addresses import LOOPBACK, link

    address = link(LOOPBACK, listening.port)
    emit(address)
    if wanted.open_browser:
        _open(address)


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        say("no browser was found: open the address yourself", style="yellow")
