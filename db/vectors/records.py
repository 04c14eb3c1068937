"""What the vector files tell the rest of `db`: how an index was built, and which rows a search found.

Leaves to others: where a record is kept (SQLite), and what a row number stands for.
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """One built index: which file, over which rows, how it is to be searched, and how good it was when built.

    An index belongs to a generation only while SQLite holds its record; a file without one is a stray.
    """

    file: str  # its name in the space's folder
    built_rows: int  # it covers rows [0, built_rows), dead ones too; later rows are the tail
    structure: str  # faiss's factory string: "IVF894,PQ128x4fsr"
    nprobe: int  # lists probed per query
    candidates: int  # rows re-scored exactly per query
    digest: str  # of the file's bytes; see db.vectors.digest
    recall_image: float  # recall@10 measured when built, queries: rows of the library
    recall_text: float  # recall@10 measured when built, queries: text-like, out of the rows' distribution
    seconds: float  # wall time of the build
    target: float = 0.99  # recall@10 that was asked for
    coarse_error: float = 0.0  # mean of 1 - cosine of a live row with its list's centroid, when trained; 0: not known
    imbalance: float = 0.0  # lists · sum of squared shares of the live rows, when trained: 1 is even; 0: not known
    trained_rows: int = 0  # rows when the lists were trained; 0: not known
    dead_rows: int = 0  # of the built rows: those that could not be found when the recall was measured

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The record that `to_json` wrote.

        Raises:
            ValueError: not JSON.
            TypeError: a field is missing, or one is not known.
        """
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The rows a search found, best first; equal scores by row number.

    Attributes:
        rows: int64 (n,), each row once.
        scores: float32 (n,), cosines with the float16 rows, -1 to 1.
    """

    rows: RowNumbers
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows)
