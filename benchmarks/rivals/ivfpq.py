"""Plain faiss: the IVF-PQ that its documentation begins with, all defaults, nothing re-scored."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowNumbers, Vectors
from db.vectors.engine import load_faiss

_ADD_ROWS = 65_536
_FILE = "index.faiss"


@dataclass(frozen=True)
class PlainIvfPq:
    """IVF{4·√n},PQ64x8 for inner product, trained on all rows (of which faiss draws its own sample)."""

    name = "faiss-ivfpq"
    title = "faiss IVF-PQ, plain"
    package = None
    knob = "nprobe"
    efforts = (1, 16, 64, 256, 1024)

    def load(self) -> None:
        """Imports the package."""
        load_faiss()

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Trains and adds, as the tutorial has it."""
        faiss = load_faiss()
        dim = rows.shape[1]
        structure = f"IVF{max(1, round(4 * math.sqrt(len(rows))))},PQ{math.gcd(dim, 64)}x8"
        index = faiss.index_factory(dim, structure, faiss.METRIC_INNER_PRODUCT)
        index.train(rows.astype(np.float32))
        for start in range(0, len(rows), _ADD_ROWS):
            index.add(rows[start : start + _ADD_ROWS].astype(np.float32))
        faiss.write_index(index, str(folder / _FILE))
        return {"structure": structure}

    def open(self, folder: Path) -> "OpenIvfPq":
        """Reads the index into memory."""
        return OpenIvfPq(load_faiss().read_index(str(folder / _FILE)))


@dataclass(frozen=True, eq=False)
class OpenIvfPq:
    """The index behind the contract."""

    index: Any

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:
        """`effort` lists are probed; the order is by the codes alone."""
        params = load_faiss().SearchParametersIVF(nprobe=effort)
        found: RowNumbers = self.index.search(query[np.newaxis], k, params=params)[1][0]
        return found[found >= 0]
