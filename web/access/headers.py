"""What every answer says to the browser about itself, so that a mistake elsewhere does little.

The page runs its own scripts and styles and nobody else's, is shown in nobody's frame, and tells nobody where it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import Message

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ANSWER = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
"""What the API hands out is no page, whatever a picture claims to be."""

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=()",
}


def be_strict(start: Message, *, is_page: bool, is_trustworthy: bool) -> None:
    """Put them into an answer's beginning; what a route says about caching stays.

    Args:
        start: ASGI's.
        is_page: it is the page itself, or one of its files.
        is_trustworthy: by loopback, or encrypted; elsewhere browsers only complain of COOP.
    """
    headers = MutableHeaders(scope=start)
    headers.update(_ALWAYS)
    if is_trustworthy:
        headers["cross-origin-opener-policy"] = "same-origin"
    headers["content-security-policy"] = _PAGE if is_page else _ANSWER
    headers.setdefault("cache-control", "no-store")
