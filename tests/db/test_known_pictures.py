"""Pictures that were read are known for as long as nothing is committed, and few enough are kept."""

from collections.abc import Sequence

import pytest

from core.pictures import Picture
from db import known_pictures as module
from db.known_pictures import KnownPictures
from tests.searcher.memory import make_picture


class Reading:
    """Reads every picture but that of row 13, which is none, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __call__(self, rows: Sequence[int]) -> list[Picture]:
        self.asked.append(list(rows))
        return [make_picture(row) for row in rows if row != 13]


def rows(pictures: Sequence[Picture]) -> list[int]:
    return [picture.row for picture in pictures]


def test_only_what_is_not_known_is_read_and_the_order_is_that_of_the_question() -> None:
    known, read = KnownPictures(), Reading()
    assert rows(known.of([5, 2, 9], read)) == [5, 2, 9]
    assert rows(known.of([9, 7, 5], read)) == [9, 7, 5]
    assert rows(known.of([2, 8, 2, 8], read)) == [2, 8, 2, 8]
    assert read.asked == [[5, 2, 9], [7], [8]]


def test_a_row_without_a_picture_is_left_out_each_time() -> None:
    known, read = KnownPictures(), Reading()
    for _ in range(2):
        assert rows(known.of([12, 13, 14], read)) == [12, 14]
    assert read.asked == [[12, 13, 14], [13]]


def test_the_ones_not_asked_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    known, read = KnownPictures(), Reading()
    known.of([1, 2, 3], read)
    known.of([1], read)
    known.of([4], read)  # 2 goes
    assert rows(known.of([1, 3, 4, 2], read)) == [1, 3, 4, 2]
    assert rows(known.of([5, 6, 7, 8], read)) == [5, 6, 7, 8]  # more than are kept
    assert read.asked == [[1, 2, 3], [4], [2], [5, 6, 7, 8]]
