"""Pictures that a library holds more than once: the groups, what each file is, and which one to keep."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import UsageError
from core.pictures import TakenAt
from core.queries import CopyKind, Filters

MOST_GROUPS = 1_000
"""Of one page: the files of each are looked at, and copies are opened."""


class DuplicateKind(StrEnum):
    """Why the files of a group are one picture."""

    IDENTICAL = "identical"  # the same bytes
    NEAR_COPY = "near_copy"  # resized, recompressed: alike by perceptual hash and by embedding


class Compared(StrEnum):
    """What a file of a group has in common with the one to keep, as far as that was looked at."""

    BYTES = "bytes"  # the hash of all of them
    PIXELS = "pixels"  # both pictures were opened
    FINGERPRINTS = "fingerprints"  # perceptual hash and embedding, as they were when indexed: one cannot be opened


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file as it was when it was indexed."""

    image_id: int
    path: bytes  # absolute
    offline: bool
    size_bytes: int | None  # None: never seen on disk
    mtime_ns: int | None
    format: str | None  # None: the file was never read
    width: int  # pixels, as shown; 0: not known
    height: int
    taken: TakenAt | None
    camera: str | None
    has_place: bool  # says where it was taken
    content_hash: bytes | None  # None: the file was never read


@dataclass(frozen=True, slots=True)
class DuplicateFile:
    """A file of a group, and what sets it apart from the others."""

    file: RecordedFile
    keep: bool = False
    copy: CopyKind | None = None  # how it relates to the one to keep; None for that one, and by fingerprints
    compared: Compared | None = None  # with the one to keep; None for that one
    largest: bool = False  # the most pixels, or with as many the most bytes; others have fewer
    oldest: bool = False  # last changed before any other was

    @property
    def spare(self) -> bool:
        """Nothing is lost with it: within reach, and looked at: the bytes or the pixels of the one to keep."""
        seen = self.compared in {Compared.BYTES, Compared.PIXELS} and self.copy is not CopyKind.CROPPED
        return seen and not self.keep and not self.file.offline


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Files that are one picture; the one to keep comes first."""

    kind: DuplicateKind
    files: tuple[DuplicateFile, ...]
    why: str  # the first file is the one to keep, in a few words
    wasted_bytes: int  # of all the others


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is in no group though it was recorded as a duplicate, and why."""

    why: str
    path: bytes


@dataclass(frozen=True, slots=True)
class DuplicatesResult:
    """Some of the groups, those that waste most first, and what there is in all."""

    groups: tuple[DuplicateGroup, ...]
    total_groups: int  # as indexed: before the files were looked at
    wasted_bytes: int  # likewise
    searched: int  # pictures compared with each other
    next_cursor: str | None = None  # where the next page begins; None: there is none
    left_out: tuple[LeftOut, ...] = ()  # of these groups, by why and path

    @property
    def notices(self) -> tuple[str, ...]:
        """How many files were left out, and why; one line each."""
        counts = Counter(one.why for one in self.left_out)
        return tuple(f"left out: {counted:,} × {why}" for why, counted in sorted(counts.items()))


def kinds_of(names: Iterable[DuplicateKind | str]) -> tuple[DuplicateKind, ...]:
    """The kinds of these names, each once, in the order of DuplicateKind; raises UsageError for others."""
    known = {kind.value: kind for kind in DuplicateKind}
    wanted = set(names)
    if unknown := sorted(wanted - known.keys()):
        raise UsageError(f"{unknown[0]!r} is no kind of duplicates: there are {' and '.join(known)}")
    return tuple(kind for kind in DuplicateKind if kind in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatesRequest:
    """What is asked for.

    Raises:
        UsageError: no kind, or k is not within 1 to MOST_GROUPS.
    """

    kinds: tuple[DuplicateKind, ...] = tuple(DuplicateKind)
    filters: Filters = field(default_factory=Filters)  # only files that pass are compared with each other
    k: int = 20  # groups
    cursor: str | None = None  # `next_cursor` of the page before
    keep_in: tuple[bytes, ...] = ()  # folders, absolute: of files that are as good one below any is kept
    look: bool = True  # at the files on disk; False: as they were when indexed

    def __post_init__(self) -> None:
        if not self.kinds:
            raise UsageError(f"there is no kind of duplicates to look for: name {' or '.join(DuplicateKind)}")
        if not 1 <= self.k <= MOST_GROUPS:
            raise UsageError(f"from 1 to {MOST_GROUPS:,} groups can be asked for at once, not {self.k:,}")
