"""usearch: a graph (HNSW), with its defaults or with float16 vectors."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowNumbers, Vectors

_ADD_ROWS = 65_536
_FILE = "index.usearch"


@dataclass(frozen=True)
class UsearchGraph:
    """Index(ndim=…), cosine; without a dtype usearch chooses what the processor is good at (bf16 where it can)."""

    dtype: str | None = None
    package = "usearch"
    knob = "expansion"
    efforts = (64, 128, 256, 512, 1024, 2048, 4096)

    @property
    def name(self) -> str:
        """Either usearch or usearch-f16."""
        return "usearch" if self.dtype is None else f"usearch-{self.dtype}"

    @property
    def title(self) -> str:
        """With the type of its numbers."""
        return "usearch, defaults" if self.dtype is None else f"usearch, {self.dtype}"

    def load(self) -> None:
        """Imports the package."""
        import usearch.index  # noqa: F401 - for its side effect: it is in memory

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Adds all rows under their numbers, on all cores."""
        from usearch.index import Index

        index = Index(ndim=rows.shape[1], dtype=self.dtype)
        for start in range(0, len(rows), _ADD_ROWS):
            block = rows[start : start + _ADD_ROWS].astype(np.float32)
            index.add(np.arange(start, start + len(block)), block)
        index.save(str(folder / _FILE))
        return {"structure": f"HNSW, connectivity {index.connectivity}, {index.dtype.name}"}

    def open(self, folder: Path) -> "OpenUsearch":
        """Reads the graph and its vectors into memory."""
        from usearch.index import Index

        return OpenUsearch(Index.restore(str(folder / _FILE)))


@dataclass(frozen=True, eq=False)
class OpenUsearch:
    """The index behind the contract."""

    index: Any

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:
        """`effort` candidates are kept while the graph is walked."""
        self.index.expansion_search = effort
        return np.asarray(self.index.search(query, k, threads=1).keys, np.int64)
