"""Which of many 64-bit perceptual hashes differ in few bits, found without comparing each with each.

Hashes that differ in 6 bits at most agree in at least two of their eight bytes. So only those are compared that agree
in two: for each of the 28 pairs of bytes the hashes are sorted by them, and those with the same are compared with each
other (multi-index hashing: M. Norouzi et al., "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014).
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 6
"""Of difference: with 7, one byte may be all that two hashes share."""

_AT_ONCE = 1 << 22  # comparisons: 100 MB
_BYTES = 8

Numbers = NDArray[np.int64]


def near_pairs(hashes: NDArray[np.uint64], bits: int) -> tuple[Numbers, Numbers]:
    """All pairs (i, j), i < j, of hashes that differ in `bits` bits at most; each once, ordered by i, then j.

    Args:
        hashes: uint64 (n,), all different.
        bits: 0 to MOST_BITS.
    """
    if not 0 <= bits <= MOST_BITS:
        raise ValueError(f"hashes can be compared up to {MOST_BITS} bits of difference, not {bits}")
    count = len(hashes)
    parts = hashes.astype("<u8").view(np.uint8).reshape(count, _BYTES).astype(np.uint16)
    found = [np.empty(0, np.int64)]
    for first, second in combinations(range(_BYTES), 2):
        keys = (parts[:, first] << 8 | parts[:, second]).astype(np.uint16)
        order = np.argsort(keys, kind="stable")  # by radix: 16 bits
        for one, other in _with_equal_keys(keys[order]):
            a, b = order[one], order[other]
            near = np.bitwise_count(hashes[a] ^ hashes[b]) <= bits
            a, b = a[near], b[near]
            found.append(np.minimum(a, b) * count + np.maximum(a, b))
    pairs = np.unique(np.concatenate(found))
    return pairs // max(count, 1), pairs % max(count, 1)


def _with_equal_keys(keys: NDArray[np.uint16]) -> Iterator[tuple[Numbers, Numbers]]:
    """Every pair of places (i, j), i < j, with the same key, some at a time; the keys are sorted."""
    count = len(keys)
    ends = np.searchsorted(keys, keys, side="right")
    behind = ends - np.arange(1, count + 1)  # with the same key as this one, after it
    until = np.cumsum(behind)
    start = 0
    while start < count:
        done = int(until[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(until, done + _AT_ONCE, side="right")))
        some = behind[start:stop]
        one = np.repeat(np.arange(start, stop), some)
        if len(one):
            first = np.repeat(np.cumsum(some) - some, some)  # where the pairs of this one begin
            yield one, one + 1 + np.arange(len(one)) - first
        start = stop


class HashNeighbours:
    """Which pictures' hashes are near each other; a picture is known by its number, and several may share a hash.

    Args:
        hashes: uint64 (n,), one per picture.
        bits: up to which hashes are near.
    """

    def __init__(self, hashes: NDArray[np.uint64], bits: int = MOST_BITS) -> None:
        unique, self._which = np.unique(hashes, return_inverse=True)
        self._count = len(unique)
        self._pictures = np.argsort(self._which, kind="stable")
        self._starts = np.searchsorted(self._which[self._pictures], np.arange(self._count + 1))
        one, other = near_pairs(unique, bits)
        froms, tos = np.concatenate([one, other]), np.concatenate([other, one])
        order = np.argsort(froms, kind="stable")
        self._near = tos[order]
        self._near_starts = np.searchsorted(froms[order], np.arange(self._count + 1))

    def with_company(self, among: NDArray[np.bool_]) -> Numbers:
        """The pictures of these, bool (n,), that have another one of these near, ascending."""
        own = np.bincount(self._which[among], minlength=self._count)
        around = np.concatenate([[0], np.cumsum(own[self._near])])
        near = around[self._near_starts[1:]] - around[self._near_starts[:-1]]
        return np.flatnonzero(among & ((own + near)[self._which] > 1))

    def near(self, picture: int) -> Numbers:
        """The pictures whose hash is near that of this one, itself among them."""
        own = int(self._which[picture])
        hashes = (own, *self._near[self._near_starts[own] : self._near_starts[own + 1]].tolist())
        return np.concatenate([self._pictures[self._starts[one] : self._starts[one + 1]] for one in hashes])
