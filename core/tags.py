"""What is known of the tags of a library: their names, how many pictures have them, and what a tagging run did."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.arrays import RowNumbers

USER = "user"
"""The source of tags that a person gave; every other source is a set of labels."""

LONGEST_NAME = 100  # characters; a tag is a word or a few, and a longer one is a caption


@dataclass(frozen=True, slots=True)
class TagSource:
    """Where some of a tag's pictures got it from."""

    source: str  # "user", or a set of labels
    model: str | None  # that found it; None: a person did
    pictures: int


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, and how many pictures that can be found have it."""

    name: str
    pictures: int  # each once, from however many sources it has the tag
    sources: tuple[TagSource, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TagBlock:
    """What was found out about some pictures: pair i says that picture images[at[i]] fits label labels[i].

    Attributes:
        images: int64 (n,), image ids; all that were looked at, also those that fit no label.
        at: int64 (m,), positions in `images`.
        labels: int64 (m,), numbers of labels.
        scores: float32 (m,), probabilities.
    """

    images: RowNumbers
    at: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TagReport:
    """What a tagging run did; pictures, except where said."""

    source: str  # the set of labels
    model: str
    labels: int  # how many there were to choose from
    least: float  # the probability from which on one became a tag
    or_none: bool  # whether a picture could show none of them
    looked_at: int = 0
    tagged: int = 0
    dry_run: bool = False
    counts: tuple[tuple[str, int], ...] = ()  # per tag given how many, the most first
    unknown: tuple[bytes, ...] = ()  # paths where the library has no picture
    seconds: float = 0.0
    notices: tuple[str, ...] = ()


def tidy_name(text: str) -> str:
    """A tag's name as it is kept: one line, composed characters, no space around it.

    Raises:
        UsageError: nothing is left of it, it is longer than LONGEST_NAME, or holds control characters.
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name:
        raise UsageError("a tag needs a name, and this one is empty")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"a tag has {LONGEST_NAME} characters at most, and this one has {len(name):,}: {name[:40]}…")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise UsageError(f"a tag is plain text, and {name!r} holds control characters")
    return name


def folded(name: str) -> str:
    """What makes two names one tag: Beach and beach are the same."""
    return unicodedata.normalize("NFC", tidy_name(name).casefold())
