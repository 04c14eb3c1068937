"""Whose what a request leaves behind is: put into its state by the guard, read by the routes."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from web.uploads import Holder

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import Scope


def name_holder(request: Scope, client: str, cookie: str | None) -> None:
    """Say who asks: a client, and which of its sessions; the cookie itself is not kept.

    Args:
        request: as ASGI has it.
        client: whom it is counted for.
        cookie: of a session that is good; None: there are none, or it needs none.
    """
    session = "" if cookie is None else sha256(cookie.encode()).hexdigest()
    request["state"]["holder"] = Holder(client, session)


def holder_of(request: Request) -> Holder:
    """Who asks; nobody in particular where nothing says more."""
    found = getattr(request.state, "holder", None)
    return found if isinstance(found, Holder) else Holder()
