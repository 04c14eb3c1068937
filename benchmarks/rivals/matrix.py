"""numpy over a resident float32 matrix: what one writes without an index."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from core.arrays import HalfRows, RowNumbers, Vectors

_COPY_ROWS = 65_536
_FILE = "matrix.npy"


@dataclass(frozen=True)
class Matrix:
    """Multiplied, partitioned, sorted; exact."""

    name = "numpy"
    title = "numpy, float32 in memory"
    package = None
    knob = ""
    efforts = (0,)

    def load(self) -> None:
        """Nothing: numpy is in memory already."""

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """The rows as float32."""
        made = open_memmap(folder / _FILE, "w+", np.float32, rows.shape)
        for start in range(0, len(rows), _COPY_ROWS):
            made[start : start + _COPY_ROWS] = rows[start : start + _COPY_ROWS]
        made.flush()
        return {"structure": "matrix, f32"}

    def open(self, folder: Path) -> "OpenMatrix":
        """Reads it into memory."""
        return OpenMatrix(np.load(folder / _FILE))


@dataclass(frozen=True, eq=False)
class OpenMatrix:
    """The matrix behind the contract."""

    matrix: Vectors

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:  # noqa: ARG002 - the contract's
        """Exact."""
        scores = self.matrix @ query
        best = np.argpartition(scores, -k)[-k:]
        return best[np.argsort(-scores[best])]
