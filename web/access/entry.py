"""Who may come in by which way, decided once for each connection and once for each request.

By loopback this user's own processes, without a token: the owner. By another address whoever has the token, as a
cookie: may search. By a proxy whoever it lets through, under the name that it asks with: may search.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from web.access.origins import is_known
from web.access.peers import is_ours
from web.access.scopes import Scope
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from web.access.keys import Keys
    from web.access.peers import Address

BASE_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+", re.ASCII)
PUBLIC_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)

FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
"""What a proxy adds: then it is not the owner's browser that asks, whoever's process the proxy is."""

_OWNERS_CONNECTIONS = 400
_VISITORS_CONNECTIONS = 300  # all of theirs together: the owner always gets in
_EACH_VISITORS = 64


@dataclass(frozen=True, slots=True)
class Coming:
    """One connection, as the kernel knows it."""

    client: str  # whom to count it for
    is_local: bool  # at the address that is the owner's
    is_ours: bool  # the process at the other end is this user's


@dataclass(frozen=True, slots=True)
class Entry:
    """The ways in that are open."""

    owners_at: Address | None = None  # the loopback address at which the owner is the owner; None: nobody is
    keys: Keys | None = None  # of those who come by another address; None: nobody may
    proxy: str = ""  # the name that a reverse proxy is asked under; empty: there is none
    base_path: str = ""  # that the page is below; "/photos", or empty
    cookie: str = "search_session"
    _connected: Counter[str] = field(default_factory=Counter)

    def meet(self, peer: Address, local: Address) -> Coming | None:
        """Whoever has connected; None: there are too many. `leave` says when they go."""
        is_local = local == self.owners_at
        client = "owner" if is_local else client_of(peer[0])
        if self._is_full(client):
            return None
        self._connected[client] += 1
        return Coming(client, is_local, is_local and is_ours(peer, local))

    def leave(self, coming: Coming) -> None:
        """The connection is gone."""
        self._connected[coming.client] -= 1
        if not self._connected[coming.client]:
            del self._connected[coming.client]

    def scope(self, coming: Coming, headers: Mapping[str, str], cookie: str | None, *, name: str) -> Scope | None:
        """What this request may do; None: nothing that needs a token.

        Raises:
            Problem: it is not for us, or from somebody who has nothing to seek here.
        """
        if not is_known(name, loopback=coming.is_local, public=self.proxy):
            raise Problem(421, "foreign_host", f"this server does not go by the name {name}")
        if coming.is_local:
            return self._owner(coming, headers)
        if self.proxy:
            return Scope.SEARCH
        known = self.keys is not None and cookie is not None and self.keys.is_session(cookie)
        return Scope.SEARCH if known else None

    def counted_for(self, coming: Coming, headers: Mapping[str, str]) -> str:
        """Whose rate a request is counted on: behind a proxy, the last address that it vouches for."""
        if not self.proxy:
            return coming.client
        return client_of(headers.get("x-forwarded-for", "").rpartition(",")[2].strip()) or coming.client

    def _is_full(self, client: str) -> bool:
        owners = self._connected["owner"]
        if client == "owner":
            return owners >= _OWNERS_CONNECTIONS
        has_too_many = not self.proxy and self._connected[client] >= _EACH_VISITORS  # a proxy has those of everybody
        return has_too_many or self._connected.total() - owners >= _VISITORS_CONNECTIONS

    def _owner(self, coming: Coming, headers: Mapping[str, str]) -> Scope:
        if not coming.is_ours:
            raise Problem(403, "not_yours", "this server is another user's of this machine")
        if any(name in headers for name in FORWARDED):
            raise Problem(403, "forwarded", "a proxy forwarded this: the server has to be started with --trust-proxy")
        return Scope.OWNER


def client_of(host: str) -> str:
    """Whom to count somebody at this address for: one network of IPv6 has 2^64 addresses. Empty: it is no address."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))
