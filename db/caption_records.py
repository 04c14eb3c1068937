"""What crosses the border of `db` about captions: frozen, free of SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.pictures import CaptionSource


@dataclass(frozen=True, slots=True)
class CaptionRecord:
    """One caption that a judge has not looked at yet, with a file to look at."""

    id: int
    image_id: int
    path: bytes  # the best of the picture's files: present before offline, then the shortest
    content_hash: bytes | None
    text: str
    source: CaptionSource


@dataclass(frozen=True, slots=True)
class PictureRecord:
    """One picture that can be read now."""

    image_id: int
    path: bytes
    content_hash: bytes | None


@dataclass(frozen=True, slots=True)
class CaptionCandidate:
    """A caption text that a search found."""

    text_id: int
    text: str
    score: float  # cosine, -1 to 1


@dataclass(frozen=True, slots=True)
class CaptionCounts:
    """How many captions the library holds, of pictures that can be found."""

    captions: int = 0
    texts: int = 0  # different ones that can be found
    pictures: int = 0  # with at least one kept caption
    rejected: int = 0  # judged not to fit: shown as such, found by nothing
    judged: int = 0
    sources: Mapping[CaptionSource, int] = field(default_factory=dict)
