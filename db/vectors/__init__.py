"""The vector files of a space: rows on disk, the index over them, and the search of both. Knows no SQL.

Names are loaded on first use: a query needs nothing of what builds an index. Importing any of it does not import faiss;
the first search or build does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.vectors.blocks import BLOCK_ROWS as BLOCK_ROWS
    from db.vectors.blocks import damaged_blocks as damaged_blocks
    from db.vectors.blocks import extend_blocks as extend_blocks
    from db.vectors.build import build_index as build_index
    from db.vectors.records import Candidates as Candidates
    from db.vectors.records import IndexRecord as IndexRecord
    from db.vectors.rows_file import RowsFile as RowsFile
    from db.vectors.rows_file import RowsHeader as RowsHeader
    from db.vectors.searcher import RowSearcher as RowSearcher

_HOMES = {
    "BLOCK_ROWS": "db.vectors.blocks",
    "Candidates": "db.vectors.records",
    "IndexRecord": "db.vectors.records",
    "RowSearcher": "db.vectors.searcher",
    "RowsFile": "db.vectors.rows_file",
    "RowsHeader": "db.vectors.rows_file",
    "build_index": "db.vectors.build",
    "damaged_blocks": "db.vectors.blocks",
    "extend_blocks": "db.vectors.blocks",
}

__all__ = [
    "BLOCK_ROWS",
    "Candidates",
    "IndexRecord",
    "RowSearcher",
    "RowsFile",
    "RowsHeader",
    "build_index",
    "damaged_blocks",
    "extend_blocks",
]


def __getattr__(name: str) -> object:
    """Import a public name's home when it is first asked for."""
    if name not in _HOMES:
        message = f"module 'db.vectors' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
