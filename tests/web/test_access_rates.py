"""What clients may ask for, on a clock of the test's own."""

import asyncio
from contextlib import suppress
from itertools import count

import pytest

from tests.passing_time import Clock
from web.access.entry import client_of
from web.access.rates import AT_ONCE, OWNERS, VISITORS, WAITING, Kind, Rate, Rates, kind_of
from web.problems import Problem


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(clock)


def taken(rates: Rates, rate: Rate, client: str = "a") -> int:
    """How many are taken before one is refused."""
    done = count()
    with suppress(Problem):
        while True:
            rates.take(client, Kind.QUESTION, rate)
            next(done)
    return next(done)


def test_a_burst_and_then_steadily(rates: Rates, clock: Clock) -> None:
    rate = Rate(5, 2)
    assert taken(rates, rate) == 5
    clock.now += 1
    assert taken(rates, rate) == 2
    clock.now += 1000
    assert taken(rates, rate) == 5


def test_pictures_by_their_ids_cost_little_however_they_are_asked_for() -> None:
    assert kind_of("POST", "/images") is kind_of("GET", "/images") is Kind.REST
    assert kind_of("POST", "/search") is kind_of("GET", "/images/7/similar") is Kind.QUESTION


def test_who_is_refused_is_told_when_to_come_again(rates: Rates, clock: Clock) -> None:
    rate = Rate(1, 0.1)
    assert taken(rates, rate) == 1
    with pytest.raises(Problem) as caught:
        rates.take("a", Kind.QUESTION, rate)
    wait_s = int(caught.value.headers["Retry-After"])
    clock.now += wait_s
    rates.take("a", Kind.QUESTION, rate)
    assert wait_s == 10


def test_clients_are_counted_apart_and_not_all_are_remembered(rates: Rates) -> None:
    assert taken(rates, Rate(2, 1), "a") == 2
    for number in range(20_000):
        rates.take(str(number), Kind.QUESTION, Rate(2, 1))
    assert len(rates._left) == 10_000
    assert taken(rates, Rate(2, 1), "19999") == 1


def test_one_visitors_requests_wait_for_each_other_and_not_for_others(rates: Rates) -> None:
    async def asked() -> None:
        turns = [await rates.turn("a") for _ in range(AT_ONCE)]
        waiting = asyncio.ensure_future(rates.turn("a"))
        (await asyncio.wait_for(rates.turn("b"), 1)).close()
        assert not waiting.done()
        turns.pop().close()
        turns.append(await asyncio.wait_for(waiting, 1))
        for one in turns:
            one.close()
            one.close()  # as often as one likes

    asyncio.run(asked())
    assert rates._visitors == {}


def test_who_stops_waiting_takes_nothing_and_too_many_may_not_wait(rates: Rates) -> None:
    async def asked() -> None:
        turns = [await rates.turn("a") for _ in range(AT_ONCE)]
        waiting = [asyncio.ensure_future(rates.turn("a")) for _ in range(WAITING - AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="at once"):
            await rates.turn("a")
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for turn in turns:
            turn.close()
        for turn in [await asyncio.wait_for(rates.turn("a"), 1) for _ in range(AT_ONCE)]:
            turn.close()

    asyncio.run(asked())
    assert rates._visitors == {}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/session", Kind.TOKEN),
        ("DELETE", "/session", Kind.REST),
        ("POST", "/search", Kind.QUESTION),
        ("GET", "/images/7/similar", Kind.QUESTION),
        ("GET", "/images/7/thumbnail", Kind.REST),
        ("POST", "/uploads", Kind.UPLOAD),
    ],
)
def test_what_costs_what(method: str, path: str, kind: Kind) -> None:
    assert kind_of(method, path) is kind


def test_owners_have_more_of_everything() -> None:
    for kind in Kind:
        assert OWNERS[kind].burst >= 5 * VISITORS[kind].burst
        assert OWNERS[kind].a_second >= 5 * VISITORS[kind].a_second


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),  # 2^64 addresses are one client's
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_whom_a_request_is_counted_for(host: str, client: str) -> None:
    assert client_of(host) == client
