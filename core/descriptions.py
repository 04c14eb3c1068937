"""What can be said of one picture: the captions that fit it best, and answers to questions about it."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.pictures import CaptionSource
from core.queries import Reranked, Took


class Origin(StrEnum):
    """Where a description was found."""

    OWN = "own"  # the picture's own caption: in its file, beside it, or in the library
    LIBRARY = "library"  # a caption of other pictures
    GENERATED = "generated"  # a captioner wrote it just now


@dataclass(frozen=True, slots=True)
class Description:
    """One text that may tell of a picture."""

    rank: int  # from 1
    text: str
    origin: Origin
    source: CaptionSource | None = None  # of the picture's own captions
    model: str | None = None  # that wrote it; None: a person did, or nobody knows
    score: float | None = None  # the cosine of picture and text in the library's space; None: no space to measure it in
    match: float | None = None  # the probability that it fits, 0 to 1; None: the reranker did not look at it
    reranked: Reranked | None = None


@dataclass(frozen=True, slots=True)
class DescribeResult:
    """The texts that fit one picture best."""

    picture: str  # its path, for people; "a picture" where it came as pixels
    descriptions: tuple[Description, ...]
    library: str  # whose captions were searched
    model: str | None  # whose cosines `score` holds; None: the library has no model yet
    captioner: str | None  # that wrote one; None: none did
    reranker: str | None  # that looked at the first; None: none did
    reranked: int  # texts it looked at
    took_ms: Took
    notices: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Answered:
    """A question about a picture, and what a model answers."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class AskResult:
    """Answers to questions about one picture, in their order."""

    picture: str
    model: str
    answers: tuple[Answered, ...]
    took_ms: float
