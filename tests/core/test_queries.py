"""A page: what it refuses, and what it is where nobody says."""

import pytest

from core.errors import UsageError
from core.queries import MOST_HITS, Filters, Page, Sort


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"k": 0}, "k must be from 1 to 10,000, and is 0"),
        ({"k": MOST_HITS + 1}, "k must be from 1 to 10,000, and is 10,001"),
        ({"offset": -1}, "the offset must be 0 or more, and is -1"),
        ({"offset": MOST_HITS, "k": 1}, r"only the first 10,000 hits .* offset 10,000 \+ k 1 leads past them"),
    ],
)
def test_a_page_that_cannot_be_shown_is_refused(given: dict[str, int], says: str) -> None:
    with pytest.raises(UsageError, match=f"^{says}$"):
        Page(**given)


def test_the_last_page_there_can_be() -> None:
    assert Page(k=MOST_HITS).k == MOST_HITS
    assert Page(k=1, offset=MOST_HITS - 1).offset == MOST_HITS - 1


def test_where_nothing_is_said_the_ten_best_are_shown_in_groups() -> None:
    assert Page() == Page(k=10, offset=0, filters=Filters(), sort=Sort.SCORE, group=True)
