"""What two processes of this program say to each other over private pipes: pickles, with their length before them."""

import pickle
import struct
from typing import IO

_LENGTH = struct.Struct(">I")


def write_frame(pipe: IO[bytes], message: object) -> None:
    """Sends one message and flushes. OSError where the other side is gone."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> object:
    """The next message. EOFError where the other side is gone, also in the middle of a message."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError("the other side closed the pipe")
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError("the other side died while it spoke")
    return pickle.loads(body)  # noqa: S301 - both sides are this program, over a private pipe
