"""The vector files of a space: rows on disk, the index over them, and the search of both. Knows no SQL."""

from db.vectors.records import Candidates, IndexRecord

__all__ = ["Candidates", "IndexRecord"]
