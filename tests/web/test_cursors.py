"""Cursors: where the next page begins, and what is remembered for it."""

import pytest

from core.queries import MOST_HITS, SearchResult
from tests.cli.parts import hit, result
from web.api.cursors import Cursors, Place
from web.problems import Problem


def page(first: int, count: int, *, searched: int = 1_000) -> SearchResult:
    hits = (hit(f"/p/{number}.jpg".encode(), rank=number) for number in range(first, first + count))
    return result(*hits, searched=searched)


def paths(first: int, last: int) -> frozenset[bytes]:
    return frozenset(f"/p/{number}.jpg".encode() for number in range(first, last + 1))


def test_a_page_begins_where_the_one_before_ended_and_knows_what_was_on_them() -> None:
    cursors = Cursors()
    assert cursors.place(None, b"red") == Place()
    second = cursors.place(cursors.after(Place(), page(1, 5), b"red", 5), b"red")
    assert (second.offset, second.seen) == (5, paths(1, 5))
    third = cursors.place(cursors.after(second, page(6, 3), b"red", 3), b"red")
    assert (third.offset, third.seen, third.paging) == (8, paths(1, 8), second.paging)
    again = cursors.place(cursors.after(Place(), page(1, 5), b"red", 5), b"red")
    assert again.paging != second.paging


@pytest.mark.parametrize(
    ("place", "found", "k"),
    [
        (Place(), page(1, 4), 5),
        (Place(5), page(6, 5, searched=10), 5),
        (Place(MOST_HITS - 5), page(9_996, 5, searched=20_000), 5),
        (Place(), page(1, 0), 5),
    ],
    ids=["a page that is not full", "all that there is", "all that can be paged through", "nothing"],
)
def test_the_last_page_has_no_next(place: Place, found: SearchResult, k: int) -> None:
    assert Cursors().after(place, found, b"red", k) is None


def test_another_server_knows_how_many_there_were() -> None:
    cursor = Cursors().after(Place(), page(1, 5), b"red", 5)
    found = Cursors().place(cursor, b"red")
    assert (found.offset, found.seen) == (5, frozenset())


def test_what_is_remembered_is_bounded() -> None:
    cursors = Cursors(most=12)
    kept = [cursors.after(Place(), page(first, 5), b"red", 5) for first in (1, 11, 21)]
    assert [len(cursors.place(cursor, b"red").seen) for cursor in kept] == [0, 5, 5]


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "W10=", "WyJhIiwgMSwgMl0=", "bnVsbA==", "[" * 200, "WzEsIHt9LCAieCJd"]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem, match="cursor"):
        Cursors().place(cursor, b"red")


def test_a_cursor_is_of_one_question() -> None:
    cursors = Cursors()
    cursor = cursors.after(Place(), page(1, 5), b"red", 5)
    with pytest.raises(Problem, match="another question"):
        cursors.place(cursor, b"green")
