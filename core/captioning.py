"""What a run over captions is asked to do, and what it reports: writing them, and judging them (CapFilt)."""

from dataclasses import dataclass

from core.errors import UsageError
from core.indexing import Problem

LEAST_MATCH = 0.5
"""A caption is kept from this probability on: where the matching head rather says "match", as in BLIP's CapFilt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRequest:
    """Which captions are to be written or judged.

    Raises:
        UsageError: a limit below 1, or a least match that is no probability.
    """

    folders: tuple[bytes, ...] = ()  # absolute; only pictures below them; empty: all of the library
    limit: int | None = None  # pictures at most; None: all
    least: float = LEAST_MATCH  # the probability from which on a caption is kept
    again: bool = False  # judge also what this judge has judged before
    workers: int = 0  # decode processes; 0: the setting

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"the limit must be 1 picture or more, and is {self.limit:,}")
        if not 0.0 <= self.least <= 1.0:
            raise UsageError(f"a match is a probability from 0 to 1, and not {self.least:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionReport:
    """What a run did; captions, except where said."""

    model: str | None = None  # the captioner; None: none was to be written
    judge: str | None = None  # the reranker that judged them; None: none was at hand
    written: int = 0
    judged: int = 0
    kept: int = 0  # of those judged: they fit
    marked: int = 0  # of those judged: they do not, and are found by nothing
    skipped: int = 0  # pictures that could not be looked at; see problems
    left: int = 0  # pictures without a caption, or captions not judged, for the next run
    embedded: int = 0  # texts that can be searched from now on
    seconds: float = 0.0
    interrupted: bool = False
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()
