"""What counts as a match, and which hits that leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from core.errors import UsageError
from core.pictures import TakenAt, TakenSource
from core.queries import Page, Sort
from searcher.choosing import NEAREST, choose, with_match
from searcher.grouping import Found
from tests.fakes import FakeEncoder
from tests.searcher.memory import NOON, MemoryReader, make_picture, space_of, unit


def found(*matches: float | None, named: frozenset[int] = frozenset()) -> list[Found]:
    """Best first; picture i is taken i hours after noon, so that the last is the newest."""
    return [
        Found(
            make_picture(row, taken=TakenAt(NOON + timedelta(hours=row), None, TakenSource.EXIF)),
            0.9 - row / 100,
            match=match,
            words=("word",) if row in named else (),
            named=row in named,
        )
        for row, match in enumerate(matches)
    ]


def rows(hits: tuple) -> list[int]:
    return [hit.picture.row for hit in hits]


def test_without_a_least_match_everything_is_shown() -> None:
    hits, nearest = choose(found(0.9, 0.1, None), Page(k=5))
    assert (rows(hits), nearest) == ([0, 1, 2], ())
    assert [hit.match for hit in hits] == [0.9, 0.1, None]


def test_only_what_matches_is_counted_into_pages() -> None:
    all_ = found(0.9, 0.2, 0.8, 0.1, 0.5, 0.7, 0.49)
    page, nearest = choose(all_, Page(k=2, offset=2, min_match=0.5))
    assert (rows(page), [hit.rank for hit in page], nearest) == ([4, 5], [3, 4], ())
    past, nearest = choose(all_, Page(k=2, offset=4, min_match=0.5))
    assert (past, nearest) == ((), ())  # there were matches, on the pages before


def test_with_none_left_the_nearest_are_named() -> None:
    hits, nearest = choose(found(0.3, 0.2, 0.2, 0.1), Page(min_match=0.5))
    assert (hits, rows(nearest), [hit.rank for hit in nearest]) == ((), [0, 1, 2], [1, 2, 3])
    assert len(nearest) == NEAREST
    assert choose([], Page(min_match=0.5)) == ((), ())


def test_what_is_named_matches_whatever_is_seen() -> None:
    hits, _ = choose(found(0.1, 0.2, 0.9, named=frozenset({1})), Page(min_match=0.5))
    assert rows(hits) == [1, 2]
    hits, _ = choose(found(None, None, named=frozenset({1})), Page(min_match=0.5))
    assert rows(hits) == [1]


def test_a_least_match_of_what_nobody_judged_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to tell matches by"):
        choose(found(None, None), Page(min_match=0.5))


def test_by_date_the_matches_come_newest_first_and_the_rest_below_as_it_was() -> None:
    all_ = found(0.9, 0.2, 0.8, 0.1, 0.5, 0.3)
    hits, _ = choose(all_, Page(sort=Sort.DATE))
    assert rows(hits) == [4, 2, 0, 1, 3, 5]
    pages = [rows(choose(all_, Page(k=2, offset=offset, sort=Sort.DATE))[0]) for offset in (0, 2, 4)]
    assert pages == [[4, 2], [0, 1], [3, 5]]
    only, _ = choose(all_, Page(sort=Sort.DATE, min_match=0.6))
    assert rows(only) == [2, 0]


@pytest.mark.parametrize("matches", [(None,) * 4, (0.4, 0.3, 0.2, 0.1)])
def test_by_date_without_a_match_the_page_alone_is_sorted(matches: tuple) -> None:
    assert rows(choose(found(*matches), Page(k=3, sort=Sort.DATE))[0]) == [2, 1, 0]


def test_what_no_reranker_saw_is_judged_by_the_query() -> None:
    random = np.random.default_rng(5)
    vectors = unit(random.standard_normal((200, 48)))
    query = unit(vectors[3] + 0.2 * vectors[4])
    candidates = [
        Found(make_picture(row), float(vectors[row] @ query), match=0.123 if row == 7 else None) for row in (3, 7, 9)
    ]
    reader = MemoryReader([make_picture(row) for row in range(200)], vectors)
    space = space_of(FakeEncoder().info)
    unjudged = with_match(reader, space, query, candidates, words=True)
    assert [one.match for one in unjudged] == [None, 0.123, None]
    reader.neutral = unit(random.standard_normal((50, 48)))
    judged = with_match(reader, space, query, candidates, words=True)
    assert [one.picture.row for one in judged] == [3, 7, 9]
    assert judged[0].match > 0.5 > judged[2].match
    assert judged[1].match == 0.123
    assert [one.match for one in with_match(reader, space, query, candidates, words=False)] == [None, 0.123, None]


@pytest.mark.parametrize(
    ("page", "judged"),
    [
        (Page(k=2, offset=1), [1, 2]),
        (Page(k=2, sort=Sort.DATE), [0, 1, 2, 3]),
        (Page(k=2, min_match=0.5), [0, 1, 2, 3]),
    ],
)
def test_where_matches_decide_nothing_only_the_page_is_judged(page: Page, judged: list[int]) -> None:
    asked: list[int] = []

    def judge(some: Sequence[Found]) -> list[Found]:
        asked.extend(one.picture.row for one in some)
        return [replace(one, match=0.75) for one in some]

    hits, nearest = choose(found(None, None, None, None), page, judge)
    assert asked == judged
    assert nearest == ()
    assert {hit.match for hit in hits} == {0.75}
