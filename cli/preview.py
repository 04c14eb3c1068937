"""Pictures instead of names: inside the terminal where it can show them, else as one contact sheet.

Decoding is `media`'s; this writes the escape sequences of kitty and of iTerm2 (WezTerm speaks both).
"""

import base64
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cli.answers import styled_line, when
from cli.console import emit_bytes, out_console, out_is_terminal
from core.errors import PictureProblem
from core.queries import Hit

SIDE = 320  # pixels of the longer side; about 16 lines of text
KITTY_CHUNK = 4096  # bytes of base64 in one escape sequence, as kitty's protocol asks


def show_preview(hits: Sequence[Hit]) -> Path | None:
    """Show the pictures of the hits; the contact sheet's path where the terminal cannot show them."""
    if not hits:
        return None
    draw = picture_protocol(os.environ) if out_is_terminal() else None
    if draw is None:
        return make_contact_sheet(hits)
    for hit in hits:
        out_console().print(styled_line(hit), soft_wrap=True)
        emit_bytes(_drawn(hit.picture.path, draw) + b"\n")
    return None


def make_contact_sheet(hits: Sequence[Hit]) -> Path:
    """One PNG with all the hits, in a new folder of its own below the system's temporary folder."""
    from media import contact_sheet

    sheet = Path(tempfile.mkdtemp(prefix="search-")) / "hits.png"
    contact_sheet(
        [(hit.picture.path, f"{hit.rank}  {hit.score:.3f}  {when(hit.picture.facts)}") for hit in hits], sheet
    )
    return sheet


def picture_protocol(environment: Mapping[str, str]) -> Callable[[bytes], bytes] | None:
    """How this terminal takes pictures; None where it takes none. tmux and screen pass neither protocol on."""
    program = environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or environment.get("TERM", "").startswith(("screen", "tmux")):
        return None
    if environment.get("TERM") == "xterm-kitty" or "KITTY_WINDOW_ID" in environment or program == "ghostty":
        return kitty_picture
    if program in {"iTerm.app", "WezTerm"}:
        return iterm_picture
    return None


def kitty_picture(png: bytes) -> bytes:
    """A PNG in kitty's graphics protocol: base64 in pieces, each but the last marked m=1."""
    data = base64.b64encode(png)
    pieces = [data[start : start + KITTY_CHUNK] for start in range(0, len(data), KITTY_CHUNK)]
    drawn = b""
    for number, piece in enumerate(pieces):
        head = b"a=T,f=100," if number == 0 else b""
        more = b"0" if number == len(pieces) - 1 else b"1"
        drawn += b"\x1b_G" + head + b"m=" + more + b";" + piece + b"\x1b\\"
    return drawn


def iterm_picture(png: bytes) -> bytes:
    """A PNG in iTerm2's inline image protocol."""
    return b"\x1b]1337;File=inline=1;size=%d:" % len(png) + base64.b64encode(png) + b"\x07"


def _drawn(path: bytes, draw: Callable[[bytes], bytes]) -> bytes:
    from media import preview_png

    try:
        return draw(preview_png(path, max_side=SIDE))
    except PictureProblem as problem:
        return f"      ({problem.reason})".encode()
