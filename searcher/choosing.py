"""Which of the pictures found are hits: what counts as a match, what order they come in, and which page of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Vectors
from core.errors import UsageError
from core.queries import LIKELY_MATCH, Hit, Page, Sort
from searcher.answer import hits_of, newest_first, on_page, ranked
from searcher.grouping import Found
from searcher.match import match_probabilities

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo

NEAREST = 3
"""Shown where nothing matches: enough to see that it is so."""

MATCHED_AMONG = 1_000
"""Best candidates among which matches are looked for, at least; the same for every page, so that pages fit together."""


def with_match(
    reader: "LibraryReader", space: "SpaceInfo", vector: Vectors, found: Sequence[Found], *, words: bool
) -> list[Found]:
    """Each with how probably it matches: what the reranker says where it looked, else what the query's scores say.

    Args:
        reader: one snapshot of the library.
        space: the space that was searched.
        vector: the query, float32 (dim,), unit length.
        found: in any order.
        words: the query is words alone.
    """
    left = [i for i, one in enumerate(found) if one.match is None]
    rows = np.array([found[i].picture.row for i in left], np.int64)
    judge = words and bool(left)
    matches = match_probabilities(reader, space, vector, reader.vectors(space, rows), words=words) if judge else None
    judged = list(found)
    if matches is not None:
        for i, match in zip(left, matches.tolist(), strict=True):
            judged[i] = replace(found[i], match=match)
    return judged


def looks_for_matches(page: Page) -> bool:
    """Whether more than the page has to be judged: only matches are shown, or they are sorted."""
    return page.min_match is not None or page.sort is Sort.DATE


def choose(
    found: Sequence[Found], page: Page, judge: Callable[[Sequence[Found]], Sequence[Found]] = tuple
) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """The hits of the page, and where a least match was asked for and nothing has it, the nearest few.

    `judge` says of each how probably it matches; where that decides nothing, it is asked of the page's hits alone.

    A match has at least that probability, or all of the query's words in a caption, a tag or its name. By date, the
    matches among the MATCHED_AMONG best come first, newest first, and what probably is none follows in its order;
    where nothing matches, or nothing can be judged, the hits of the page are sorted alone.

    Raises:
        UsageError: a least match was asked for, and there is nothing to judge matches by.
    """
    if not looks_for_matches(page):
        return ranked(judge(on_page(found, page)), after=page.offset), ()
    found = judge(found)
    if page.min_match is not None:
        if found and all(one.match is None and not one.words for one in found):
            raise UsageError(_UNJUDGED)
        kept = _matches(found[:MATCHED_AMONG] if page.sort is Sort.DATE else found, page.min_match)
        order = newest_first(kept) if page.sort is Sort.DATE else kept
        return _page_of(order, page), () if kept else ranked(found[:NEAREST])
    dated = _matches(found[:MATCHED_AMONG], LIKELY_MATCH)
    if not dated:
        return hits_of(found, page), ()
    shown = {id(one) for one in dated}
    return _page_of([*newest_first(dated), *(one for one in found if id(one) not in shown)], page), ()


_UNJUDGED = (
    "there is nothing to tell matches by: words alone are judged, by a reranker (--rerank) or by neutral texts, which "
    "`search index` embeds once where the library's model is here"
)


def _matches(found: Sequence[Found], least: float) -> list[Found]:
    return [one for one in found if one.named or (one.match is not None and one.match >= least)]


def _page_of(order: Sequence[Found], page: Page) -> tuple[Hit, ...]:
    return ranked(on_page(order, page), after=page.offset)
