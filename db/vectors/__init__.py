"""The vector files of a space: rows on disk, the index over them, and the search of both. Knows no SQL.

Importing it does not import faiss; the first search or build does.
"""

from db.vectors.blocks import BLOCK_ROWS, damaged_blocks, extend_blocks
from db.vectors.build import build_index
from db.vectors.compact import compact
from db.vectors.ivfpq import index_is_sound
from db.vectors.records import Candidates, IndexRecord
from db.vectors.rows_file import RowsFile, RowsHeader
from db.vectors.searcher import RowSearcher

__all__ = [
    "BLOCK_ROWS",
    "Candidates",
    "IndexRecord",
    "RowSearcher",
    "RowsFile",
    "RowsHeader",
    "build_index",
    "compact",
    "damaged_blocks",
    "extend_blocks",
    "index_is_sound",
]
