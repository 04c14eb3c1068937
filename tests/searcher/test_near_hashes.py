"""Near hashes are found, all of them and no others, without comparing each with each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searcher import near_hashes
from searcher.near_hashes import MOST_BITS, HashNeighbours, near_pairs


def brute_force(hashes: np.ndarray, bits: int) -> list[tuple[int, int]]:
    apart = np.bitwise_count(hashes[:, np.newaxis] ^ hashes)
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(apart <= bits), strict=True) if i < j]


def families(seed: int, count: int) -> np.ndarray:
    """Hashes of which many are a few bits apart: each is one before it with 0 to 9 bits turned over."""
    random = np.random.default_rng(seed)
    hashes = [int(random.integers(1 << 63))]
    for _ in range(count - 1):
        turned = int(random.choice(hashes)) if random.random() < 0.7 else int(random.integers(1 << 63))
        for bit in random.choice(64, int(random.integers(10)), replace=False):
            turned ^= 1 << int(bit)
        hashes.append(turned)
    return np.unique(np.array(hashes, np.uint64))


@pytest.mark.parametrize("bits", range(MOST_BITS + 1))
def test_pairs_are_those_of_comparing_each_with_each(bits: int) -> None:
    hashes = families(bits, 400)
    one, other = near_pairs(hashes, bits)
    expected = brute_force(hashes, bits)
    assert list(zip(one.tolist(), other.tolist(), strict=True)) == expected
    assert bits == 0 or expected


def test_comparing_a_few_at_a_time_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = families(11, 300)
    at_once = near_pairs(hashes, 6)
    monkeypatch.setattr(near_hashes, "_AT_ONCE", 7)  # less than one hash has to be compared with
    assert all(map(np.array_equal, near_pairs(hashes, 6), at_once))


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_have_pairs(count: int) -> None:
    assert [len(one) for one in near_pairs(np.arange(count, dtype=np.uint64), 6)] == [0, 0]


def test_more_bits_than_two_bytes_can_vouch_for_are_refused() -> None:
    with pytest.raises(ValueError, match="up to 6 bits"):
        near_pairs(np.arange(3, dtype=np.uint64), 7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=25), st.data())
def test_neighbours_are_those_within_the_bits(hashes: list[int], data: st.DataObject) -> None:
    repeated = np.array(hashes + hashes[:5] + [one ^ 0b111 for one in hashes[:5]], np.uint64)
    among = np.array(data.draw(st.lists(st.booleans(), min_size=len(repeated), max_size=len(repeated))), np.bool_)
    neighbours = HashNeighbours(repeated)
    near = np.bitwise_count(repeated[:, np.newaxis] ^ repeated) <= MOST_BITS
    for picture in range(len(repeated)):
        assert sorted(neighbours.near(picture).tolist()) == np.flatnonzero(near[picture]).tolist()
    company = [i for i in np.flatnonzero(among) if (near[i] & among).sum() > 1]
    assert neighbours.with_company(among).tolist() == company
