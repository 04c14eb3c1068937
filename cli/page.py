"""The page of `search serve`: where it is listened for, who may come in, and how that is told.

Addresses go to stdout, each alone on its line, so that a program can read them; all else is a notice.
"""

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import emit, err_is_terminal, out_is_terminal, say
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from semantic_image_search.warm.held import Held
    from semantic_image_search.warm.serving import Door
    from web.access.addresses import Listening
    from web.access.entry import Entry
    from web.access.keys import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for on the command line."""

    port: int | None  # None: 7117, or the next that is free
    open_browser: bool
    lan: bool
    host: str | None
    new_token: bool
    proxy: str | None
    base_path: str | None

    no_page: bool

    @property
    def only_a_token(self) -> bool:
        """A new token is made for a server that runs already, or later."""
        return self.new_token and self.host is None


def doors(library: Path, wanted: Wanted, *, processes: int) -> "tuple[Door, ...]":
    """The page as a door of the server, where it is wanted; its port is ours from now on.

    Args:
        library: its folder, absolute.
        wanted: what was asked for.
        processes: that search when many ask at once; 0: one for each core, at most four; 1: this one.

    Raises:
        UsageError: two things were asked for that do not go together.
        SearchError: it cannot be listened there.
    """
    _check(wanted)
    if wanted.no_page:
        return ()
    from web.access.addresses import lan_address, listen, other_address
    from web.door import open_door

    other = lan_address() if wanted.lan else other_address(wanted.host) if wanted.host else ""
    token, keys = _keys(library, wanted) if other and not wanted.proxy else ("", None)
    listening = listen(other, port=wanted.port)
    entry = _entry(wanted, listening, keys)

    @contextmanager
    def door(held: "Held") -> "Iterator[None]":
        with open_door(held, library=library, listening=listening, entry=entry, processes=processes):
            _tell(listening, entry, token)
            if wanted.open_browser:
                _open(_addresses(listening, entry, token)[0])
            yield

    return (door,)


def show_new_token(library: Path) -> None:
    """Make a token for `--host`, in place of the one before, and show it once."""
    from web.access.keys import kept_key

    emit(kept_key(library).replace())
    say("the token of search serve --host; it is shown only now. Sessions that another one began have ended")


def _check(wanted: Wanted) -> None:
    from web.access.entry import BASE_PATH, PUBLIC_NAME

    if wanted.no_page and (wanted.lan or wanted.host or wanted.proxy or wanted.open_browser or wanted.port is not None):
        raise UsageError("--no-page answers the command line only: it goes with no other option of the page")
    if wanted.lan and (wanted.host or wanted.proxy):
        raise UsageError("--lan finds its own address: it goes with neither --host nor --trust-proxy")
    if wanted.new_token and wanted.proxy:
        raise UsageError("behind --trust-proxy there is no token: the proxy decides who may come in")
    if wanted.base_path and not BASE_PATH.fullmatch(wanted.base_path):
        raise UsageError(f"--base-path begins with a / and ends with none, as /photos: not {wanted.base_path!r}")
    if wanted.proxy and not PUBLIC_NAME.fullmatch(wanted.proxy):
        raise UsageError(f"--trust-proxy needs the page's name, as photos.example.org: not {wanted.proxy!r}")


def _keys(library: Path, wanted: Wanted) -> "tuple[str, Keys]":
    """A token to show (empty: it was shown before), and what recognises it."""
    from web.access.keys import Keys, kept_key, new_token

    if wanted.lan:  # as long as this server lasts
        token, key = new_token()
        return token, Keys(lambda: key)
    kept = kept_key(library)
    if not wanted.new_token and kept.exists:
        kept.key()
        return "", Keys(kept.key)
    if not wanted.new_token and not out_is_terminal():
        raise UsageError("--host needs a token, and none was made yet: search serve --new-token makes and shows one")
    return kept.replace(), Keys(kept.key)


def _entry(wanted: Wanted, listening: "Listening", keys: "Keys | None") -> "Entry":
    from web.access.entry import Entry

    return Entry(
        owners_at=None if wanted.proxy else listening.owners_at,
        keys=keys,
        proxy=(wanted.proxy or "").lower(),
        base_path=wanted.base_path or "",
        cookie=f"search_{listening.port}",
    )


def _addresses(listening: "Listening", entry: "Entry", token: str) -> list[str]:
    """What to open in a browser: the owner's first, then others'."""
    from web.access.addresses import LOOPBACK, link

    path = f"{entry.base_path}/"
    hosts = [LOOPBACK] if listening.local else []
    found = [link(host, listening.port, path) for host in hosts]
    if listening.other:
        shown = listening.other if listening.local else LOOPBACK
        found.append(link(shown, listening.port, path) + (f"#token={token}" if token else ""))
    return found


def _tell(listening: "Listening", entry: "Entry", token: str) -> None:
    addresses = _addresses(listening, entry, token)
    for address in addresses:
        emit(address)
    if entry.proxy:
        say("whoever the proxy lets in may search all pictures: have it ask who they are", style="yellow")
    elif token:
        _show_code(addresses[-1])
        say("whoever has the address with the token may search all pictures, and change nothing")


def _show_code(address: str) -> None:
    """The address as a picture for a phone's camera."""
    if err_is_terminal():
        import segno

        drawn = StringIO()
        segno.make(address, micro=False).terminal(out=drawn, compact=True)
        for (
            line
        ) in drawn.getvalue().splitlines():  # white on black, whatever the terminal's colours: cameras want it so
            sys.stderr.write(f"\x1b[97;40m{line}\x1b[0m\n")


def _open(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        say("no browser was found: open the address yourself", style="yellow")
