"""One conversation over a Unix socket: a JSON value on each line, and who is at the other end.

Every wait has an end. Whatever goes wrong is a `Broken`, which says what: neither side ever fails because of the other.
"""

import json
import socket
import struct
from time import monotonic

from semantic_image_search.warm.values import Garbled, pack, unpack

MOST_BYTES = 64 << 20  # of one message: 10,000 hits with their captions take 10 MB
_PIECE = 1 << 16
_LINUX_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
_BSD_CREDENTIALS = struct.Struct("2I")  # version, uid; groups follow
_BSD_LEVEL, _BSD_PEERCRED, _BSD_SIZE = 0, 1, 76  # SOL_LOCAL, LOCAL_PEERCRED, sizeof(struct xucred)


class Broken(Exception):
    """The other end is gone, silent, or talks nonsense; says which, behind "the server …" or "the client …"."""


class Line:
    """A connected socket, on which messages go both ways.

    Args:
        connected: the socket; closed with the line.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._read = bytearray()  # of the next message, so far

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    @property
    def peer(self) -> int | None:
        """The user id of the process at the other end; None where the system does not tell."""
        try:
            return _peer(self._socket)
        except (OSError, struct.error):
            return None

    def send(self, message: object, *, timeout_s: float) -> None:
        """One message.

        Raises:
            Broken: it could not be sent whole in this time.
        """
        data = json.dumps(pack(message), separators=(",", ":")).encode("ascii") + b"\n"
        try:
            self._socket.settimeout(timeout_s)
            self._socket.sendall(data)
        except TimeoutError as error:
            raise Broken("takes nothing in") from error
        except OSError as error:
            raise Broken("hung up") from error

    def receive(self, *, timeout_s: float) -> object:
        """The next message.

        Raises:
            Broken: it did not come whole in this time, or is none.
        """
        data = self._next_line(monotonic() + timeout_s)
        try:
            return unpack(json.loads(data))
        except (ValueError, RecursionError, Garbled) as error:
            raise Broken("speaks another language") from error

    def _next_line(self, deadline: float) -> bytes:
        looked = 0
        while (end := self._read.find(b"\n", looked)) < 0:
            looked = len(self._read)
            if looked > MOST_BYTES:
                raise Broken("says too much")
            self._read += self._piece(deadline)
        found = bytes(self._read[:end])
        del self._read[: end + 1]
        return found

    def _piece(self, deadline: float) -> bytes:
        left = deadline - monotonic()
        if left <= 0:
            raise Broken("is silent")
        try:
            self._socket.settimeout(left)
            piece = self._socket.recv(_PIECE)
        except TimeoutError as error:
            raise Broken("is silent") from error
        except OSError as error:
            raise Broken("hung up") from error
        if not piece:
            raise Broken("hung up in the middle of a sentence" if self._read else "hung up")
        return piece


def _peer(connected: socket.socket) -> int:
    if hasattr(socket, "SO_PEERCRED"):  # Linux
        found = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX_CREDENTIALS.size)
        return int(_LINUX_CREDENTIALS.unpack(found)[1])
    found = connected.getsockopt(_BSD_LEVEL, _BSD_PEERCRED, _BSD_SIZE)
    return int(_BSD_CREDENTIALS.unpack_from(found)[1])
