"""What a decode worker and its pool say to each other: pickles with a length before them, on two pipes.

The pool sends a Setup, then one job at a time; the worker answers Ready once, then to each job any number of Waiting
and one Reply to a WorkerJob, one Answer to an AskedJob. A closed pipe ends the worker.
"""

import pickle
import struct
from dataclasses import dataclass
from typing import IO

from core.errors import PictureProblem
from core.models import Preprocess
from core.pictures import DecodedPicture
from media.asked import AskedPicture, Made, Want
from media.elapsed import NOTHING_SPENT, Spent
from media.limits import DecodeLimits

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Setup:
    """How a worker decodes, for all its life."""

    targets: tuple[Preprocess, ...]
    limits: DecodeLimits
    timeout_s: float
    gate_path: bytes  # the file that workers lock to decode large pictures one at a time
    courtesy: int = 0  # added to the process's niceness


@dataclass(frozen=True, slots=True)
class WorkerJob:
    """One file to decode."""

    path: bytes
    known_hash: bytes | None


@dataclass(frozen=True, slots=True)
class AskedJob:
    """One picture that somebody waits for, and what is to be made of it."""

    picture: AskedPicture
    want: Want


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has started."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The worker waits for another one's large picture; its time starts anew."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a job; both None: its content is the known one."""

    picture: DecodedPicture | None
    problem: PictureProblem | None
    spent: Spent = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an AskedJob; one of the two is None."""

    made: Made | None
    problem: PictureProblem | None


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
