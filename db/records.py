"""What crosses the border of `db`: frozen records, free of SQL and cheap to import. Paths are bytes, absolute."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from core.arrays import Vectors
from core.errors import ProblemKind
from core.indexing import RootOptions
from core.models import EncoderInfo, VectorKind
from core.pictures import PictureFacts
from db.caption_records import CaptionCandidate as CaptionCandidate  # noqa: PLC0414 - handed on
from db.caption_records import CaptionCounts as CaptionCounts  # noqa: PLC0414 - handed on
from db.caption_records import CaptionRecord as CaptionRecord  # noqa: PLC0414 - handed on
from db.caption_records import PictureRecord as PictureRecord  # noqa: PLC0414 - handed on
from db.findings import Finding as Finding  # noqa: PLC0414 - handed on
from db.findings import FindingCode as FindingCode  # noqa: PLC0414 - handed on
from db.vectors.records import IndexRecord


class FileState(StrEnum):
    """What the library holds of one file."""

    PRESENT = "present"  # on disk when last looked for, and read
    OFFLINE = "offline"  # out of reach together with its root; still findable
    MISSING = "missing"  # vanished from a healthy root: hidden, kept until --prune
    PROBLEM = "problem"  # could not be read, and never was (or its new content cannot be)
    IGNORED = "ignored"  # no picture by content, had no extension to say so
    FORGOTTEN = "forgotten"  # on the owner's wish


@dataclass(frozen=True, slots=True)
class RootInfo:
    """A folder (or a single file) that is indexed again on every refresh."""

    id: int
    path: bytes
    options: RootOptions
    online: bool
    offline_reason: str | None  # for people; None while online
    device: int | None  # st_dev at the last complete scan; None before the first
    files: int  # live files of it that the library knows
    last_scan_at: float | None  # unix seconds


@dataclass(frozen=True, slots=True)
class RootState:
    """Whether a root is in reach."""

    path: bytes
    online: bool
    offline_reason: str | None  # for people; None while online
    last_scan_at: float | None  # unix seconds


class SpaceState(StrEnum):
    """Which part a space plays."""

    ACTIVE = "active"  # answers queries
    BUILDING = "building"  # being filled beside the active one, to take its place
    RETIRED = "retired"  # replaced; its files wait for drop_space


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """One embedding space: one model, its preprocessing and the decode policy."""

    id: int
    slug: str  # its folder's name
    name: str  # the model's name
    identity: str  # EncoderInfo.identity, or for imported vectors a text of their own
    dim: int
    encoder: EncoderInfo | None  # None: vectors were imported, the model is known by name only
    state: SpaceState


@dataclass(frozen=True, slots=True)
class GenerationInfo:
    """The current vector file of one kind in one space."""

    id: int
    space_id: int
    kind: VectorKind
    number: int  # the <gen> of the files' names
    committed_rows: int  # rows [0, committed_rows) exist; later bytes do not
    live_rows: int  # those that may be found
    index: IndexRecord | None  # None: searched exactly
    columns_rows: int  # rows the filter columns cover; 0: no columns
    foreign_index: bool = False  # there is one, by another version of search, which this one knows nothing about


@dataclass(frozen=True, slots=True)
class ScanEntry:
    """One candidate file, as the walk saw it."""

    path: bytes
    size: int  # bytes
    mtime_ns: int
    sidecars: bytes = b""  # a digest of its sidecars' names, sizes and times; empty without any
    online_only: bool = False  # a cloud placeholder: must never be opened


class WorkKind(StrEnum):
    """Why a file has to be looked at."""

    NEW = "new"
    CHANGED = "changed"  # size or time differ from what is known
    RETRY = "retry"  # could not be read before; a passing problem, or the file changed
    FACTS = "facts"  # only its sidecars changed: facts are read again, no vector needed
    BACKFILL = "backfill"  # known, but a space lacks its vector


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One file to be read."""

    file_id: int | None  # None: new
    root_id: int
    path: bytes
    kind: WorkKind
    size: int  # bytes, as scanned
    mtime_ns: int  # as scanned
    sidecars: bytes
    known_hash: bytes | None  # where the content still hashes to this, nothing needs decoding: UnchangedFile
    spaces: tuple[int, ...]  # ids of the spaces that need a vector if the content is new


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file that was read, with a vector for each space that had none for its content."""

    item: WorkItem
    content_hash: bytes  # blake2b, 32 bytes
    facts: PictureFacts
    vectors: Mapping[int, Vectors]  # space id -> float32 (dim,), unit length; a space that has one needs none


@dataclass(frozen=True, slots=True)
class UnchangedFile:
    """A file whose content turned out to be item.known_hash: only touched, or moved."""

    item: WorkItem


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be read as a picture."""

    item: WorkItem
    kind: ProblemKind
    reason: str
    ignored: bool = False  # no picture, and no extension claimed it: not worth a mention


Outcome = IndexedFile | UnchangedFile | FailedFile
"""What became of one work item."""


@dataclass(frozen=True, slots=True)
class CommitCounts:
    """What one commit did; files, except `embedded`. Add them up with +."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0  # looked at and found to be as known; facts read again, or a vector filled in
    skipped: int = 0
    ignored: int = 0
    embedded: int = 0  # vectors written

    def __add__(self, other: "CommitCounts") -> "CommitCounts":
        return CommitCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """What the staged files come to; files."""

    new: int = 0
    changed: int = 0
    retry: int = 0
    facts: int = 0
    backfill: int = 0
    unchanged: int = 0  # known pictures with nothing to do
    broken: int = 0  # known problems that wait for the file to change
    passed_over: int = 0  # known to be no pictures, or forgotten on the owner's wish
    online_only: int = 0  # new cloud placeholders: recorded as problems, never opened
    vanished: int = 0  # known in what was scanned, live, and not staged
    waiting: int = 0  # work items in all: new + changed + retry + facts + backfill


@dataclass(frozen=True, slots=True)
class RootScan:
    """How the scan of one root (or of one folder in it) went."""

    root_id: int
    reachable: bool  # False: it could not be listed at all
    reason: str | None = None  # for people, where not reachable
    device: int | None = None  # st_dev; None: not known
    subtree: bytes | None = None  # only this folder (or file) of the root was walked


@dataclass(frozen=True, slots=True)
class SettleCounts:
    """What became of the files that a scan did not find."""

    removed: int = 0  # hidden now (kept until --prune), or pruned
    offline: int = 0  # files of the judged scopes that are offline; still findable
    notices: tuple[str, ...] = ()  # one line per root marked offline, and why


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the library holds."""

    pictures: int = 0  # with at least one live file; identical files are one
    indexed: int = 0  # of those, with a row in the space
    waiting: int = 0  # pictures without a row in the space, and new files that the last plan saw and no commit since
    files: int = 0  # live files
    offline: int = 0  # of those, out of reach
    missing: int = 0
    problems: int = 0
    ignored: int = 0
    forgotten: int = 0

    @property
    def known(self) -> int:
        """Pictures indexed or still waiting to be."""
        return self.indexed + self.waiting


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """Bytes of the library on disk."""

    database: int = 0
    vectors: int = 0
    indexes: int = 0
    columns: int = 0
    thumbnails: int = 0
    features: int = 0  # what rerankers saw

    @property
    def total(self) -> int:
        """All of it."""
        return sum(getattr(self, part.name) for part in fields(self))


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One live row of a space, as `search vectors export` wants it."""

    row: int
    image_id: int
    path: bytes
    caption: str | None


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One file of a picture, as it was when it was indexed."""

    path: bytes
    offline: bool
    size: int | None  # bytes; None: never seen on disk
    mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """One picture that comes with its vector. `size` is None where the file cannot be reached."""

    path: bytes
    vector: Vectors  # float32 (dim,), unit length
    size: int | None = None  # bytes
    mtime_ns: int | None = None
    content_hash: bytes | None = None  # None: the file was not read
    facts: PictureFacts | None = None  # None: not known
