"""A library is open while people ask, and let go of when nobody does."""

from pathlib import Path

import pytest

from semantic_image_search import Library, open_library
from semantic_image_search.warm.held import Held
from tests.fakes import FakeEncoder
from tests.passing_time import Clock


class Opening:
    """Opens a library and counts how often, and how often one was closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.opened = 0
        self.closed = 0

    def __call__(self) -> Library:
        self.opened += 1
        library = open_library(self._path, model=FakeEncoder())
        close = library.close

        def counted() -> None:
            self.closed += 1
            close()

        library.close = counted  # type: ignore[method-assign]
        return library


@pytest.fixture
def opening(library: Path) -> Opening:
    return Opening(library)


def test_idle_models_are_let_go_of_and_come_back(opening: Opening) -> None:
    clock = Clock()
    held = Held(opening, idle_s=60, clock=clock)
    with held.library() as first:
        clock.now = 1000  # a question may take long
        assert not held.let_go_when_idle()
    clock.now += 59
    assert not held.let_go_when_idle()
    clock.now += 1
    assert held.let_go_when_idle()
    assert (opening.closed, held.is_open) == (1, False)
    assert not held.let_go_when_idle()
    with held.library() as second:
        assert second is not first
        assert second.search("red", k=1).hits
    assert opening.opened == 2


def test_zero_is_never(opening: Opening) -> None:
    clock = Clock()
    held = Held(opening, idle_s=0, clock=clock)
    with held.library():
        pass
    clock.now = 1e9
    assert not held.let_go_when_idle()
    assert held.is_open


def test_who_still_asks_keeps_what_was_let_go_of(opening: Opening) -> None:
    held = Held(opening, idle_s=0)
    with held.library() as first:
        held.let_go()
        assert opening.closed == 0
        with held.library() as second:
            assert second is not first
        assert first.search("red", k=1).hits
    assert opening.closed == 1
    assert held.is_open


def test_a_glance_keeps_nothing_in_memory_and_brings_nothing_back(opening: Opening) -> None:
    """A page that was left open asks how things stand; nobody asks for pictures."""
    clock = Clock()
    held = Held(opening, idle_s=60, clock=clock)
    with held.library():
        pass
    clock.now = 59
    with held.glance() as library:
        assert opening.opened == 1
        assert library.status().spaces
    clock.now = 61
    assert held.let_go_when_idle()
    with held.glance():
        assert not held.is_open
    assert (opening.opened, opening.closed) == (2, 2)
    assert not held.let_go_when_idle()


def test_what_is_glanced_at_is_closed_after_the_glance(opening: Opening) -> None:
    held = Held(opening, idle_s=0)
    with held.library():
        pass
    with held.glance() as library:
        held.let_go()
        assert opening.closed == 0
        assert library.status().spaces
    assert opening.closed == 1
