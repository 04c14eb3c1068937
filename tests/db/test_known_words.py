"""Words that were looked up are known for as long as nothing is committed, and few enough are kept."""

import numpy as np
import pytest

from db import known_words as module
from db.known_words import Found, KnownWords, TooMany


class Finding:
    """Finds ten rows for every pattern, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, pattern: str) -> Found:
        self.asked.append(pattern)
        if pattern == " the ":
            raise OverflowError
        return ((1.0, np.arange(10)),)


def test_each_word_is_looked_up_once() -> None:
    known, find = KnownWords(), Finding()
    first = known.look_up(" dog ", 50, find)
    assert known.look_up(" dog ", 50, find) is first
    known.look_up(" dog ", 60, find)  # another bound is another question
    assert find.asked == [" dog ", " dog "]


def test_what_could_not_be_found_is_not_known() -> None:
    known, find = KnownWords(), Finding()
    for _ in range(2):
        with pytest.raises(OverflowError):
            known.look_up(" the ", 50, find)
    assert find.asked == [" the ", " the "]


def test_that_a_word_is_too_common_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMMON", 1)
    known, asked = KnownWords(), []

    def find(pattern: str) -> Found:
        asked.append(pattern)
        raise TooMany

    for pattern in (" dog ", " dog ", " cat ", " cat "):  # of the second nothing is kept any more
        with pytest.raises(TooMany):
            known.look_up(pattern, 50, find)
    assert asked == [" dog ", " cat ", " cat "]


def test_what_was_not_asked_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 25)
    known, find = KnownWords(), Finding()
    for pattern in ("a", "b", "a", "c", "a", "b"):
        known.look_up(pattern, 50, find)
    assert find.asked == ["a", "b", "c", "b"]
