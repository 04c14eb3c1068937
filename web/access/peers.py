"""Whose process is at the other end of a connection from this machine: another user must not get in by loopback.

Linux says it. The kernel is asked for the one socket (netlink's sock_diag, a tenth of a millisecond however many there
are); where it does not answer, its table is read (/proc/net/tcp: 2 µs for every socket of the machine).

A socket that its process has closed has no inode any more, and is shown as root's: here it is nobody's.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from functools import partial
from pathlib import Path

Address = tuple[str, int]

_TABLE = Path("/proc/net/tcp")
_SOCK_DIAG, _BY_FAMILY = 4, 20  # NETLINK_SOCK_DIAG and SOCK_DIAG_BY_FAMILY of linux/sock_diag.h
_REQUEST = 1  # NLM_F_REQUEST
_HEAD = struct.Struct("=IHHII")  # struct nlmsghdr
_ASKED = struct.Struct("=BBBBI")  # struct inet_diag_req_v2, up to its socket
_UID_AND_INODE = struct.Struct("=II")
_UID_AT = _HEAD.size + 4 + 48 + 12  # in the answer: before it the state, the socket, a timer and two queues
_EVERY_STATE = 0xFFFFFFFF
_ROOT = 0


def is_ours(peer: Address, local: Address) -> bool:
    """Whether this user's process, or root's, opened the connection from `peer` to `local`, both IPv4 and of here.

    Where the system cannot tell (not Linux), everybody who gets through to loopback counts as the owner.
    """
    if not sys.platform.startswith("linux"):
        return True
    return uid_of(peer, local) in {os.getuid(), _ROOT}


def uid_of(peer: Address, local: Address) -> int | None:
    """The user who holds the socket `peer`, connected to `local`; None: nobody does any more, or it is not told."""
    for ask in (_ask_kernel, _read_table):
        try:
            return ask(peer, local)
        except OSError:  # this kernel has no such way, or it is closed to us
            continue
    return None


def _ask_kernel(peer: Address, local: Address) -> int | None:
    ports = struct.pack("!HH", peer[1], local[1])
    hosts = b"".join(socket.inet_aton(host).ljust(16, b"\0") for host, _ in (peer, local))
    asked = _ASKED.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _EVERY_STATE) + ports + hosts + bytes(4) + b"\xff" * 8
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(1)
        kernel.sendto(_HEAD.pack(_HEAD.size + len(asked), _BY_FAMILY, _REQUEST, 0, 0) + asked, (0, 0))
        answer = kernel.recv(4096)
    kind = _HEAD.unpack_from(answer)[1]
    if kind == _BY_FAMILY:
        return _holder(*_UID_AND_INODE.unpack_from(answer, _UID_AT))
    refused = -struct.unpack_from("=i", answer, _HEAD.size)[0]
    if refused == 2:  # ENOENT: there is no such socket
        return None
    raise OSError(refused, os.strerror(refused))


def _read_table(peer: Address, local: Address) -> int | None:
    wanted = f"{_as_table(peer)} {_as_table(local)} ".encode()
    with _TABLE.open("rb") as table:
        for row in iter(partial(table.readline), b""):
            if wanted in row:
                fields = row.split()
                return _holder(int(fields[7]), int(fields[9]))
    return None


def _as_table(address: Address) -> str:
    (host,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{host:08X}:{address[1]:04X}"


def _holder(uid: int, inode: int) -> int | None:
    return uid if inode else None
