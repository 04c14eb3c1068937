"""Copying the rows worth keeping into the next generation's vector file.

Leaves to others: which rows those are, and the flip of the generation in SQLite.
"""

from core.arrays import HalfRows, RowNumbers
from db.vectors.blocks import extend_blocks
from db.vectors.rows_file import RowsFile

_COPY_ROWS = 8192  # rows in memory at a time: 8 MB at 512 numbers


def compact(view: HalfRows, keep: RowNumbers, target: RowsFile) -> dict[int, int]:
    """Appends the rows of these numbers, in this order, to `target`, which has no rows yet.

    Row keep[i] of the old file becomes row i of the new one.

    Args:
        view: float16 (rows, dim) of the old generation.
        keep: int64 (n,); ascending numbers make the reads sequential.
        target: the next generation's file, fresh.

    Returns:
        Block number to crc32 of the new file.

    Raises:
        StorageFull: no space; the old file is untouched, and the new one counts for nothing yet.
    """
    if target.rows_on_disk:
        raise ValueError(f"{target.path} already holds {target.rows_on_disk:,} rows")
    blocks: dict[int, int] = {}
    for start in range(0, len(keep), _COPY_ROWS):
        rows = view[keep[start : start + _COPY_ROWS]]
        blocks |= extend_blocks(blocks, target.append(rows), rows)
    return blocks
