"""Turns: a bound, and an order."""

import threading
import time

import pytest

from core.errors import ServerEnding
from semantic_image_search.warm.turns import Turns


class Tired(Exception):
    pass


def test_whoever_came_first_is_next_and_never_more_than_the_bound() -> None:
    turns, order, at_once, most = Turns(2), [], [], []

    def work(number: int) -> None:
        with turns.one():
            at_once.append(number)
            most.append(len(at_once))
            order.append(number)
            time.sleep(0.01)
            at_once.remove(number)

    with turns.one(), turns.one():
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)  # in this order
        assert order == []
    for thread in threads:
        thread.join()
    assert max(most) <= 2
    assert sorted(order) == list(range(8))
    assert all(abs(place - number) <= 1 for place, number in enumerate(order))  # two run side by side
    assert turns.free == 2


def test_who_gives_up_is_passed_over() -> None:
    turns = Turns(1)

    def tire() -> None:
        raise Tired

    with turns.one():
        with pytest.raises(Tired), turns.one(tire):
            pass
        assert turns.free == 0
    with turns.one():
        assert turns.free == 0
    assert turns.free == 1


def test_an_end_waits_for_those_who_have_begun_and_not_longer_than_it_may() -> None:
    turns = Turns(2)
    with turns.one():
        started = time.monotonic()
        turns.close(wait_s=0.2)
        assert 0.2 <= time.monotonic() - started < 2
    turns = Turns(2)
    started = time.monotonic()
    turns.close(wait_s=5)
    assert time.monotonic() - started < 2


def test_an_end_is_told_to_those_who_wait_and_to_those_who_come() -> None:
    turns, told = Turns(1), []

    def wait() -> None:
        with pytest.raises(ServerEnding), turns.one():
            told.append("its turn came")
        told.append("refused")

    with turns.one():
        threads = [threading.Thread(target=wait, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        turns.close()
        wait()
        for thread in threads:
            thread.join(5)
        assert told == ["refused"] * 4
    assert turns.free == 1


class Elsewhere:
    """A seat."""

    alive = True


def test_a_seat_is_taken_before_a_turn_here_and_both_together_are_no_more_than_before() -> None:
    turns, seat = Turns(2), Elsewhere()
    turns.add(seat)
    with turns.anywhere() as first, turns.anywhere() as second:
        assert (first, second) == (seat, None)
        assert (turns.begun, turns.free) == (2, 1)
        with pytest.raises(Tired), turns.anywhere(_tire):  # a third would be one too many
            pass
        with turns.one():  # unless it can only be done here
            assert turns.begun == 3
    assert (turns.begun, turns.free, turns.elsewhere) == (0, 2, 1)


def test_where_there_are_seats_enough_none_begins_here() -> None:
    turns, seats = Turns(1), [Elsewhere(), Elsewhere()]
    for seat in seats:
        turns.add(seat)
    with turns.anywhere() as first, turns.anywhere() as second:
        assert {id(first), id(second)} == {id(seat) for seat in seats}
        with pytest.raises(Tired), turns.anywhere(_tire):
            pass
    assert turns.begun == 0


def test_who_waits_for_a_seat_that_dies_begins_here() -> None:
    turns, seat, given = Turns(1), Elsewhere(), []
    turns.add(seat)

    def ask() -> None:
        with turns.anywhere() as one:
            given.append(one)

    with turns.anywhere() as taken:
        assert taken is seat
        waits = threading.Thread(target=ask)
        waits.start()
        time.sleep(0.05)
        assert given == []
        seat.alive = False
        turns.remove(seat)
        waits.join(10)
        assert given == [None]


def test_a_seat_goes_to_the_first_who_can_take_it() -> None:
    turns, seat, order = Turns(1), Elsewhere(), []

    def here() -> None:
        with turns.one():
            order.append("here")

    def anywhere() -> None:
        with turns.anywhere() as given:
            order.append("there" if given is seat else "here, too")

    with turns.one():
        threads = [threading.Thread(target=work) for work in (here, anywhere)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)  # in this order
        turns.add(seat)
        threads[1].join(10)
        assert order == ["there"]
    threads[0].join(10)
    assert order == ["there", "here"]


def test_a_dead_seat_is_given_to_nobody() -> None:
    turns, seat = Turns(1), Elsewhere()
    turns.add(seat)
    with turns.anywhere() as given:
        assert given is seat
        seat.alive = False
    turns.remove(seat)
    with turns.anywhere() as given:
        assert given is None
    assert (turns.begun, turns.elsewhere, turns.free) == (0, 0, 1)


def _tire() -> None:
    raise Tired
