"""The addresses at which the page is listened for, and what they are called in a browser.

The loopback one is the owner's; a second one, where it was asked for, is for others, who need a token.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass

from core.errors import SearchError, UsageError

LOOPBACK = "127.0.0.1"
PORT = 7117
_TRIED = 20  # ports, where none was asked for
_WAITING = 256  # connections that may stand in line before they are taken in
_NOWHERE = ("192.0.2.1", 9)  # RFC 5737: the way there is looked up, nothing is sent


@dataclass(frozen=True, slots=True)
class Listening:
    """Sockets that are bound and listened on, all with one port."""

    sockets: tuple[socket.socket, ...]
    port: int
    local: bool  # the first is the owner's, on loopback
    other: str = ""  # the address that is for others; empty: none is

    @property
    def owners_at(self) -> tuple[str, int] | None:
        """The address whose connections may be the owner's."""
        return (LOOPBACK, self.port) if self.local else None

    def close(self) -> None:
        """Nobody is listened for any more."""
        for one in self.sockets:
            one.close()


def listen(other: str = "", *, port: int | None = None) -> Listening:
    """Listen on loopback and, where one is named, on another address of this machine.

    Args:
        other: an address; empty: none. One that stands for all addresses ("0.0.0.0") leaves no owner's of its own:
            behind it nobody can tell who is local.
        port: this one; None: 7117, or the next that is free.

    Raises:
        SearchError: it cannot be listened there.
    """
    everywhere = bool(other) and ipaddress.ip_address(other).is_unspecified
    hosts = tuple(host for host in ("" if everywhere else LOOPBACK, other) if host)
    wanted = range(PORT, PORT + _TRIED) if port is None else (port,)
    for number in wanted:
        try:
            sockets = _bind(hosts, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SearchError(f"cannot listen at {hosts[-1]}, port {number}: {error.strerror}") from error
            continue
        return Listening(sockets, sockets[0].getsockname()[1], not everywhere, other)
    said = f"port {port} is" if port is not None else f"the ports {wanted[0]} to {wanted[-1]} are"
    raise SearchError(f"{said} taken by other programs: name a free one with --port (0: any)")


def other_address(named: str) -> str:
    """The address that somebody named; empty where it is the owner's own, which is listened at anyway.

    Raises:
        UsageError: it is none.
    """
    try:
        found = ipaddress.ip_address(named.strip("[]"))
    except ValueError as error:
        raise UsageError(
            f"--host needs an address of this machine in numbers, as 192.168.1.5, not {named!r}"
        ) from error
    return "" if str(found) == LOOPBACK else str(found)


def lan_address() -> str:
    """This machine's address in the network that it is in.

    Raises:
        SearchError: it is in none, or its address is one that the whole internet can reach.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
            found = ipaddress.ip_address(probe.getsockname()[0])
        except OSError as error:
            raise SearchError("this machine is in no network: --host ADDRESS names an address by hand") from error
    if found.is_loopback or found.is_unspecified:
        raise SearchError("this machine is in no network: --host ADDRESS names an address by hand")
    if found.is_global:
        raise SearchError(f"{found} can be reached from the whole internet, which --lan is not for: see --host")
    return str(found)


def link(host: str, port: int, path: str = "/") -> str:
    """What to type into a browser."""
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


def _bind(hosts: tuple[str, ...], port: int) -> tuple[socket.socket, ...]:
    bound: list[socket.socket] = []
    try:
        for host in hosts:
            # With the protocol named asyncio sends small answers at once (TCP_NODELAY); else each waits 40 ms.
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            bound.append(one)
            if hasattr(socket, "AF_UNIX"):  # elsewhere it would let two programs share the port
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port or (bound[0].getsockname()[1] if len(bound) > 1 else 0)))
            one.listen(_WAITING)
    except OSError:
        for one in bound:
            one.close()
        raise
    return tuple(bound)
