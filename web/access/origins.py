"""Whether a request was meant for this server, and comes from its own page or from no page at all.

A browser sends whatever any site tells it to. What it lets no site forge is which name it believes to talk to (Host:
against DNS rebinding) and whose script asks (Origin, Sec-Fetch-Site: against cross-site requests).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import cache
from typing import TYPE_CHECKING

from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_OURS = frozenset({"same-origin", "none"})  # Sec-Fetch-Site: our page, or whoever sits at the browser


def name_in(host: str) -> str:
    """The name or address in a Host header, in lower case, without port and brackets.

    Raises:
        Problem: it is none.
    """
    found = _AUTHORITY.fullmatch(host.lower())
    if found is None:
        raise Problem(400, "bad_host", "the request does not say in a proper way which host it is for")
    return found["six"] or found["name"]


def is_known(name: str, *, loopback: bool, public: str) -> bool:
    """Whether this server goes by that name.

    A name that somebody else's name server answers for must not lead here. An address in numbers is no name, so
    whoever uses one in a browser has typed it.

    Args:
        name: as `name_in` has it.
        loopback: of the address that only this machine reaches.
        public: the name that a proxy asks under; empty: there is none.
    """
    if name in LOOPBACK_NAMES or (public and name == public):
        return True
    return not loopback and not public and (_is_address(name) or name in _own_names())


def check_origin(headers: Mapping[str, str], *, host: str, opens_page: bool) -> None:
    """Refuse what another site's script, form or picture asks for.

    Args:
        headers: of the request, names in lower case.
        host: its Host header.
        opens_page: it asks for the page itself, which whoever follows a link may.

    Raises:
        Problem: it comes from elsewhere.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    follows_link = opens_page and headers.get("sec-fetch-mode") == "navigate"
    if origin is not None and origin.lower() not in {f"http://{host.lower()}", f"https://{host.lower()}"}:
        raise Problem(403, "foreign_origin", "another site's page asked for this: only this server's own page may")
    if site is not None and site not in _OURS and not follows_link:
        raise Problem(403, "foreign_origin", "another site's page asked for this: only this server's own page may")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _own_names() -> frozenset[str]:
    own = socket.gethostname().lower()
    return frozenset({own, f"{own.partition('.')[0]}.local"})
