"""Checksums of blocks: however rows arrive, the same; any flipped bit is found, and only its block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vectors.blocks import BLOCK_ROWS, damaged_blocks, extend_blocks


def rows_of(count: int) -> np.ndarray:
    return np.random.default_rng(count).standard_normal((count, 4)).astype(np.float16)


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(0, 2 * BLOCK_ROWS + 3), max_size=6))
def test_appending_in_pieces_gives_the_checksums_of_one_append(sizes: list[int]) -> None:
    rows = rows_of(sum(sizes))
    known: dict[int, int] = {}
    at = 0
    for size in sizes:
        known |= extend_blocks(known, at, rows[at : at + size])
        at += size
    assert known == extend_blocks({}, 0, rows)
    assert sorted(known) == list(range(-(-len(rows) // BLOCK_ROWS)))
    assert damaged_blocks(rows, known) == []


def test_only_the_blocks_that_got_rows_are_returned() -> None:
    rows = rows_of(3 * BLOCK_ROWS)
    known = extend_blocks({}, 0, rows[: BLOCK_ROWS + 5])
    assert sorted(extend_blocks(known, BLOCK_ROWS + 5, rows[BLOCK_ROWS + 5 : BLOCK_ROWS + 6])) == [1]


def test_a_block_whose_beginning_is_unknown_is_refused() -> None:
    with pytest.raises(KeyError):
        extend_blocks({}, 5, rows_of(2))


@settings(max_examples=40, deadline=None)
@given(row=st.integers(0, 2 * BLOCK_ROWS + 99), bit=st.integers(0, 63))
def test_any_flipped_bit_is_found_in_its_block(row: int, bit: int) -> None:
    rows = rows_of(2 * BLOCK_ROWS + 100)
    known = extend_blocks({}, 0, rows)
    raw = rows.view(np.uint8).reshape(len(rows), -1)
    raw[row, bit // 8] ^= 1 << (bit % 8)
    assert damaged_blocks(rows, known) == [row // BLOCK_ROWS]


def test_a_block_without_a_checksum_counts_as_damaged() -> None:
    rows = rows_of(2 * BLOCK_ROWS)
    known = extend_blocks({}, 0, rows)
    del known[0]
    assert damaged_blocks(rows, known) == [0]
