"""Copies are found by hash and embedding together, and each is compared with the picture that is kept."""

import numpy as np
import pytest

from db.duplicates import Prints
from searcher.duplicates import NearCopies, near_copies
from searcher.near_hashes import HashNeighbours

HASH = 0x5A5A_1234_8765_F00F
NOT_KNOWN = float("nan")


def prints(hashes: list[int], *, aspects: list[float] | None = None, seconds: list[float] | None = None) -> Prints:
    count = len(hashes)
    return Prints(
        rows=np.arange(count) * 3,
        images=np.arange(count) + 100,
        hashes=np.array(hashes, np.uint64),
        aspects=np.array(aspects or [1.5] * count),
        seconds=np.array(seconds or [NOT_KNOWN] * count),
    )


def grouped(made: Prints, vectors: list[list[float]] | None = None, order: list[int] | None = None) -> list[NearCopies]:
    rows = np.array(vectors or [[1.0, 0.0]] * len(made), np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    neighbours = HashNeighbours(made.hashes)
    return near_copies(made, neighbours, order or list(range(len(made))), lambda wanted: unit[wanted // 3])


def turned(bits: int) -> int:
    return HASH ^ ((1 << bits) - 1)


def test_alike_by_both_is_a_copy() -> None:
    assert grouped(prints([HASH, turned(6), ~HASH & (2**64 - 1)])) == [NearCopies(0, (1,))]


@pytest.mark.parametrize(
    ("made", "vectors"),
    [
        pytest.param(prints([HASH, turned(7)]), None, id="only the embedding is"),
        pytest.param(prints([HASH, HASH]), [[1.0, 0.0], [0.94, 0.34]], id="only the hash is"),
        pytest.param(prints([HASH, HASH], aspects=[1.5, 1.33]), None, id="another shape"),
        pytest.param(prints([HASH, HASH], seconds=[10.0, 12.0]), None, id="another moment"),
    ],
)
def test_alike_by_less_is_not(made: Prints, vectors: list[list[float]] | None) -> None:
    assert grouped(made, vectors) == []


def test_an_unknown_moment_contradicts_nothing() -> None:
    assert grouped(prints([HASH, HASH], seconds=[10.0, NOT_KNOWN])) == [NearCopies(0, (1,))]


def test_the_first_in_order_is_kept() -> None:
    assert grouped(prints([HASH] * 3), order=[2, 0, 1]) == [NearCopies(2, (0, 1))]


def test_a_chain_of_small_differences_joins_nothing() -> None:
    chain = prints([HASH, turned(5), turned(10)])  # the ends are ten bits apart
    assert grouped(chain) == [NearCopies(0, (1,))]
    assert grouped(chain, order=[1, 0, 2]) == [NearCopies(1, (0, 2))]


def test_only_those_in_the_order_are_grouped() -> None:
    assert grouped(prints([HASH] * 4), order=[1, 3]) == [NearCopies(1, (3,))]
