"""What can be asked for, and what comes back."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.errors import UsageError
from core.pictures import Orientation, Picture

MOST_HITS = 10_000
"""Grouping compares each candidate with each group: for 10,000 hits that takes a second, and nobody reads further."""

MOST_RERANKED = 1_000
"""A GPU takes ten seconds for these; the papers rerank 128 or 256."""

LIKELY_MATCH = 0.5
"""A hit under this is probably no match."""


@dataclass(frozen=True, slots=True)
class Near:
    """A circle on the earth."""

    latitude: float  # degrees
    longitude: float  # degrees
    radius_km: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Which pictures may be found; all that are set must hold."""

    folders: tuple[bytes, ...] = ()  # absolute, os.fsencode; a picture is below any of them
    taken_from: datetime | None = None  # local wall clock, inclusive
    taken_before: datetime | None = None  # local wall clock, exclusive
    camera: str | None = None  # a part of "make model" or of the lens, case ignored
    near: Near | None = None
    orientation: Orientation | None = None
    formats: tuple[str, ...] = ()  # any of these, media's names
    tags: tuple[str, ...] = ()  # all of these, case ignored

    def __bool__(self) -> bool:
        """True where anything is filtered at all."""
        return self != Filters()


class Sort(StrEnum):
    """The order in which hits are shown."""

    SCORE = "score"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which pictures may be found, which of them are shown, and how: the same for whatever is asked.

    What is asked (words, a picture, a vector) is a request's, and the request holds its page.

    Raises:
        UsageError: k is not within 1 to MOST_HITS, the offset is negative or leads past MOST_HITS, or min_match is no
            probability.
    """

    k: int = 10  # hits at most
    offset: int = 0  # hits left out before the first
    seen: frozenset[bytes] = frozenset()  # paths of these, where they are known: none is shown again, whatever changed
    filters: Filters = field(default_factory=Filters)
    without: frozenset[bytes] = frozenset()  # pictures of these files are no hits, nor what is shown as one with them
    sort: Sort = Sort.SCORE  # of the hits shown; which these are is always the score's decision
    group: bool = True  # identical files, near copies and bursts as one hit
    min_match: float | None = None  # hits that match at least this probably; None: all, the best first

    def __post_init__(self) -> None:
        if self.min_match is not None and not 0.0 <= self.min_match <= 1.0:
            raise UsageError(f"a match is a probability from 0 to 1, and not {self.min_match:g}")
        if not 1 <= self.k <= MOST_HITS:
            raise UsageError(f"k must be from 1 to {MOST_HITS:,}, and is {self.k:,}")
        if self.offset < 0:
            raise UsageError(f"the offset must be 0 or more, and is {self.offset:,}")
        if self.offset + self.k > MOST_HITS:
            raise UsageError(
                f"only the first {MOST_HITS:,} hits can be paged through, "
                f"and offset {self.offset:,} + k {self.k:,} leads past them"
            )


class SearchMode(StrEnum):
    """Where hits come from."""

    HYBRID = "hybrid"  # vectors, and words of captions, names and tags where they occur
    VECTOR = "vector"
    TEXT = "text"  # words alone


class Fusion(StrEnum):
    """What a reranked picture is ordered by."""

    ITM = "itm"  # the matching head alone
    ITM_ITC = "itm+itc"  # and the reranker's own cosine: the BLIP paper's protocol
    ITM_CLIP = "itm+clip"  # and the library's own cosine


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerank:
    """How much of an answer a reranker looks at.

    Raises:
        UsageError: a depth that is not within 0 to MOST_RERANKED.
    """

    depth: int | None = None  # candidates; 0: none; None: as many as the budget lets it, where a reranker is at hand
    fusion: Fusion = Fusion.ITM_ITC

    def __post_init__(self) -> None:
        if self.depth is not None and not 0 <= self.depth <= MOST_RERANKED:
            raise UsageError(f"from 0 to {MOST_RERANKED:,} candidates can be reranked, not {self.depth:,}")


class AlikeKind(StrEnum):
    """Why a picture hides behind another one."""

    IDENTICAL = "identical"  # the same bytes at another path
    NEAR_COPY = "near_copy"  # resized, recompressed
    BURST = "burst"  # the same scene within seconds


@dataclass(frozen=True, slots=True)
class Alike:
    """A file shown as one with a hit."""

    path: bytes
    kind: AlikeKind
    image_id: int = 0  # of its picture: for identical files the hit's own; 0: the files are no library's


class CopyKind(StrEnum):
    """How a file of the library relates to the picture looked up."""

    IDENTICAL = "identical"  # the same bytes
    RECOMPRESSED = "recompressed"  # the same pixels' size, other bytes
    RESIZED = "resized"
    CROPPED = "cropped"
    SIMILAR = "similar"  # another picture that looks alike


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer."""

    rank: int  # from 1
    score: float  # the true cosine, -1 to 1; higher is better (SearchMode.TEXT: how well the words fit, 0 to 1)
    picture: Picture
    alike: tuple[Alike, ...] = ()
    copy: CopyKind | None = None  # set by a lookup, None for a search by words
    match: float | None = None  # the probability that it fits what was asked, 0 to 1; None: nothing to judge it by
    reranked: "Reranked | None" = None  # None: the reranker did not look at it
    words: tuple[str, ...] = ()  # of the query, found in its captions, tags, folders' or file's name
    named: bool = False  # all of the query's words were found; a match, whatever is to be seen


@dataclass(frozen=True, slots=True)
class Reranked:
    """What a reranker made of one hit."""

    itm: float  # the logit of "match"
    itc: float  # its own cosine, -1 to 1
    fused: float  # what the hit is ordered by


@dataclass(frozen=True, slots=True)
class Took:
    """Where the time of one query went, in milliseconds."""

    encode: float = 0.0
    retrieve: float = 0.0
    rerank: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query."""

    query: str
    space: str  # the space's slug
    model: str
    library: str
    searched: int  # rows that the filters let through and that could be found
    indexed: int  # rows of the space that are alive
    known: int  # pictures the library knows (indexed, or still waiting to be)
    took_ms: Took
    hits: tuple[Hit, ...]
    nearest: tuple[Hit, ...] = ()  # where nothing matches well enough: the nearest few, which do not
    reranker: str | None = None  # that looked at the first hits; None: none did
    reranked: int = 0  # candidates it looked at
    notices: tuple[str, ...] = field(default=())  # text cut, language hint, index bypassed, …
    not_reranked: str = ""  # why no reranker looked at it, where one might have; empty where nobody would ask
