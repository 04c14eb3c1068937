"""What a decode worker and its pool say to each other, in the frames of `core.frames`, on two pipes.

The pool sends a Setup, then one job at a time; the worker answers Ready once, then to each job any number of Waiting
and one Reply to a WorkerJob, one Answer to an AskedJob. A closed pipe ends the worker.
"""

from dataclasses import dataclass

from core.errors import PictureProblem
from core.models import Preprocess
from core.pictures import DecodedPicture
from media.asked import AskedPicture, Made, Want
from media.elapsed import NOTHING_SPENT, Spent
from media.limits import DecodeLimits


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
