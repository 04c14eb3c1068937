"""Checksums over blocks of rows, so that a damaged part of a vector file is found and only it is embedded again.

Leaves to others: keeping the checksums (SQLite), and what happens to the rows of a damaged block.
"""

import zlib
from collections.abc import Mapping

import numpy as np

from core.arrays import HalfRows

BLOCK_ROWS = 1024  # 1 MB at 512 numbers: a small loss when damaged, 1,000 checksums per million rows


def extend_blocks(known: Mapping[int, int], start: int, rows: HalfRows) -> dict[int, int]:
    """The checksums that change when `rows` are appended as rows [start, start + n).

    A block's checksum runs over the rows it holds so far, so an append never reads old rows.

    Args:
        known: block number to crc32, at least of the block that `start` falls into, unless it begins there.
        start: the number of the first of the rows.
        rows: float16 (n, dim).

    Returns:
        Block number to crc32, of each block that got rows.

    Raises:
        KeyError: the block that `start` falls into is not known.
    """
    changed: dict[int, int] = {}
    at = 0
    while at < len(rows):
        block, inside = divmod(start + at, BLOCK_ROWS)
        part = np.ascontiguousarray(rows[at : at + BLOCK_ROWS - inside], "<f2")
        changed[block] = zlib.crc32(part.data, known[block] if inside else 0)
        at += len(part)
    return changed


def damaged_blocks(view: HalfRows, expected: Mapping[int, int]) -> list[int]:
    """The numbers of the blocks whose bytes do not fit their checksum, or that have none; reads every row once.

    Args:
        view: float16 (committed rows, dim).
        expected: block number to crc32.
    """
    starts = range(0, len(view), BLOCK_ROWS)
    return [
        block
        for block, start in enumerate(starts)
        if expected.get(block) != zlib.crc32(np.ascontiguousarray(view[start : start + BLOCK_ROWS]).data)
    ]
