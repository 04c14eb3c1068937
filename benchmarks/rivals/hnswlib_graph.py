"""hnswlib: the graph's first implementation, vectors in float32."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowNumbers, Vectors

_ADD_ROWS = 65_536
_FILE = "index.hnsw"


@dataclass(frozen=True)
class HnswlibGraph:
    """M = 16 and ef_construction = 200, as its examples have it; inner product."""

    name = "hnswlib"
    title = "hnswlib, M 16, ef_construction 200"
    package = "hnswlib"
    knob = "ef"
    efforts = (10, 64, 128, 256, 512, 1024, 2048, 4096)

    def load(self) -> None:
        """Imports the package."""
        import hnswlib  # noqa: F401 - for its side effect: it is in memory

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Adds all rows under their numbers, on all cores."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=rows.shape[1])
        index.init_index(max_elements=len(rows), M=16, ef_construction=200)
        for start in range(0, len(rows), _ADD_ROWS):
            block = rows[start : start + _ADD_ROWS].astype(np.float32)
            index.add_items(block, np.arange(start, start + len(block)))
        index.save_index(str(folder / _FILE))
        (folder / "dim").write_text(str(rows.shape[1]))
        return {"structure": "HNSW, M 16, f32"}

    def open(self, folder: Path) -> "OpenHnswlib":
        """Reads the graph and its vectors into memory."""
        import hnswlib

        index = hnswlib.Index(space="ip", dim=int((folder / "dim").read_text()))
        index.load_index(str(folder / _FILE))
        index.set_num_threads(1)
        return OpenHnswlib(index)


@dataclass(frozen=True, eq=False)
class OpenHnswlib:
    """The index behind the contract."""

    index: Any

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:
        """`effort` candidates are kept while the graph is walked, at least k."""
        self.index.set_ef(max(effort, k))
        return self.index.knn_query(query, k)[0][0].astype(np.int64)
