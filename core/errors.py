"""The one tree of errors of `search`.

    SearchError                     the root: cli catches this and nothing else
    ├── UsageError                  the caller asked for something that makes no sense        (exit code 2)
    ├── PictureProblem              one file could not be read as a picture; carries a kind
    ├── UnknownPicture              no picture of the library has this id
    ├── LibraryError                the library on disk
    │   ├── LibraryNotFound         there is none at this place yet
    │   ├── LibraryLocked           another process is writing
    │   ├── LibraryTooNew           made by a later version of `search`
    │   ├── LibraryTooOld           a reader met an older version; the next `search index` migrates it
    │   ├── LibraryDamaged          an invariant does not hold; `search doctor` says more
    │   └── StorageFull             the disk (or quota) is full; nothing committed was lost
    ├── ModelError                  models and their weights
    │   ├── UnknownModel            no such name in the catalogue, and not an open_clip name either
    │   ├── WeightsMissing          not in the cache and not to be fetched
    │   └── WrongModel              the library is pinned to another model
    ├── DeviceError                 the device asked for is not there
    ├── Abandoned                   whoever asked does not wait for the answer any more
    └── ServerEnding                the server that was asked begins nothing any more

Messages say what happened, to what, and what to do next, in one line.
"""

from enum import StrEnum


class SearchError(Exception):
    """The root of everything `search` raises on purpose."""


class UsageError(SearchError):
    """A request that cannot be carried out as it was put (a bad date, an unknown filter value)."""


class ProblemKind(StrEnum):
    """Why one file could not be indexed. `passing` ones are tried again on the next run."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    TRUNCATED = "truncated"
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    DECODER_CRASHED = "decoder_crashed"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    PERMISSION = "permission"
    IO_ERROR = "io_error"
    VANISHED = "vanished"
    CHANGED_WHILE_READING = "changed_while_reading"
    ONLINE_ONLY = "online_only"

    @property
    def passing(self) -> bool:
        """True where time may mend it; the others wait until the file changes."""
        return self in _PASSING


_PASSING = frozenset(
    {
        ProblemKind.UNSUPPORTED,  # a codec may have been installed meanwhile
        ProblemKind.PERMISSION,
        ProblemKind.IO_ERROR,
        ProblemKind.VANISHED,
        ProblemKind.CHANGED_WHILE_READING,
        ProblemKind.ONLINE_ONLY,
        ProblemKind.TIMEOUT,
    }
)


class PictureProblem(SearchError):
    """One file could not be read as a picture."""

    def __init__(self, kind: ProblemKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason

    def __reduce__(self) -> tuple[type["PictureProblem"], tuple[ProblemKind, str]]:
        """Crosses process borders whole."""
        return type(self), (self.kind, self.reason)


class UnknownPicture(SearchError):
    """No picture of the library has this id; it may have been forgotten, or pruned."""

    def __init__(self, image_id: int) -> None:
        super().__init__(f"the library has no picture {image_id}")
        self.image_id = image_id

    def __reduce__(self) -> tuple[type["UnknownPicture"], tuple[int]]:
        """Crosses process borders whole."""
        return type(self), (self.image_id,)


class LibraryError(SearchError):
    """Something about the library on disk."""


class LibraryNotFound(LibraryError):
    """No library at this place yet."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library."""


class LibraryTooNew(LibraryError):
    """The library was made by a later version of `search`."""


class LibraryTooOld(LibraryError):
    """The library needs a migration, and readers never migrate."""


class LibraryDamaged(LibraryError):
    """An invariant does not hold."""


class StorageFull(LibraryError):
    """No space left where the library lives."""


class ModelError(SearchError):
    """Something about a model or its weights."""


class UnknownModel(ModelError):
    """No model of this name."""


class WeightsMissing(ModelError):
    """The weights are not in the cache and were not to be fetched, or could not be.

    Args:
        message: the whole sentence.
        fetchable: the model to fetch; empty where there is nothing to fetch it from.
        why: what kept them from being fetched and what to do about it; empty where nobody tried.
    """

    def __init__(self, message: str, *, fetchable: str, why: str = "") -> None:
        super().__init__(message)
        self.fetchable = fetchable
        self.why = why


class WrongModel(ModelError):
    """The library is pinned to another model."""


class DeviceError(SearchError):
    """The device asked for is not there."""


class Abandoned(SearchError):
    """Whoever asked does not wait for the answer any more; raised by a listener, it ends the work on it."""


class ServerEnding(SearchError):
    """A server is ending, and begins nothing any more."""
