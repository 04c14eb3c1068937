"""What an indexing run is asked to do, says while it runs, and reports at its end."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from core.errors import ProblemKind


@dataclass(frozen=True, slots=True)
class RootOptions:
    """How one root is walked; remembered with it."""

    exclude: tuple[str, ...] = ()  # gitignore-style patterns, relative to the root
    max_megapixels: int = 200


@dataclass(frozen=True, slots=True)
class IndexRequest:
    """What `search index` was asked to do."""

    paths: tuple[bytes, ...] = ()  # absolute folders (or files); empty: refresh every root
    options: RootOptions | None = None  # None: keep what the root remembers
    batch_size: int = 0  # pictures encoded at once; 0: what the encoder is quickest with
    workers: int = 0  # decode processes; 0: one per core, at most 32
    dry_run: bool = False
    prune: bool = False  # drop what vanished, also from roots that are offline
    recall: float | None = None  # recall@10 that a vector index should reach; None: what it aims at already


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that was skipped."""

    path: bytes
    kind: ProblemKind
    reason: str


class Stage(StrEnum):
    """What the time of an indexing run goes to."""

    SCAN = "scan"  # looking through the folders, and finding out what is new
    READ = "read"  # files, and the hash of their bytes
    DECODE = "decode"  # bytes to pixels that fit the model, and what the file says of itself
    TRANSFER = "transfer"  # pixels from the workers to this process; the start of the workers
    ENCODE = "encode"  # pixels to vectors; the first batch loads the model
    WRITE = "write"  # vectors and facts into the library
    FINISH = "finish"  # what vanished, captions, the vector index
    WAIT_DECODE = "wait_decode"  # nothing to do until a picture was decoded
    WAIT_ENCODE = "wait_encode"  # nothing to do until a batch was encoded
    REST = "rest"  # handing work around


@dataclass(frozen=True, slots=True)
class StageTime:
    """What one stage took; several go on at once, and read, decode and transfer are summed over the workers."""

    stage: Stage
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class RunProfile:
    """Where the time of a run went.

    The calling thread's scan, write, finish, both waits and rest add up to `wall_s`; the processor times of all stages
    add up to `cpu_s`.
    """

    stages: tuple[StageTime, ...]
    workers: int
    wall_s: float
    cpu_s: float  # of this process and its workers


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did; files, not pictures, except where said."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    removed: int = 0  # vanished and hidden (kept until --prune), or pruned
    offline: int = 0  # vanished with their root; still findable
    skipped: int = 0  # could not be read; see problems
    ignored: int = 0  # no pictures, by name or (without an extension) by content; or forgotten on purpose
    embedded: int = 0  # vectors written
    seconds: float = 0.0
    pictures_per_second: float = 0.0  # embedded / seconds
    interrupted: bool = False
    model: str | None = None  # that new pictures are embedded with; None in a dry run, and where none is chosen yet
    problems: tuple[Problem, ...] = ()  # those of this run
    notices: tuple[str, ...] = field(default=())  # roots marked offline, and why; a model nobody asked for
    captions: int = 0  # different texts embedded
    profile: RunProfile | None = None  # None: nothing was run


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    stage: str  # "scan", "index", "caption", "judge", "texts", "neutral", "finish"
    done: int
    total: int | None  # None: not known yet
    skipped: int = 0
    note: str = ""


class ProgressListener(Protocol):
    """Receives progress; called often, from the thread that called `index`."""

    def __call__(self, progress: Progress, /) -> None: ...  # noqa: D102


def silent(_progress: Progress, /) -> None:
    """A listener for progress that nobody asked for."""
