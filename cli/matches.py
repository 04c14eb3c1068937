"""How well hits match, as people read it: a percentage on each line, and one line where matches probably end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.queries import LIKELY_MATCH, Hit, SearchResult

if TYPE_CHECKING:
    from core.descriptions import Description

BELOW = "probably no match below"
NONE_WELL = "nothing here matches well"


def percent(hit: "Hit | Description") -> str:
    """As in 87%; empty where nothing could be judged. Never 100% nor 0%: both are more than a model knows."""
    if hit.match is None:
        return ""
    return f"{min(max(round(100 * hit.match), 1), 99)}%"


def matches_end(hits: Sequence[Hit]) -> int | None:
    """How many hits stand above the line: all behind the last that probably matches are below.

    0: none of them matches well. None: there is no line to draw, since the last one matches, or none was judged.
    """
    if not hits or all(hit.match is None for hit in hits):
        return None
    likely = [i for i, hit in enumerate(hits, start=1) if hit.named or (hit.match or 0.0) >= LIKELY_MATCH]
    end = likely[-1] if likely else 0
    return None if end == len(hits) else end


def none_matches(result: SearchResult) -> str:
    """That nothing has the match that was asked for, above the nearest few."""
    few = len(result.nearest)
    nearest = f"the nearest {few}, which do not:" if few > 1 else "the nearest, which does not:"
    return f"nothing here matches; {nearest}"
