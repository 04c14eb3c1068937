"""What the vector files tell the rest of `db`: how an index was built, and which rows a search found.

Leaves to others: where a record is kept (SQLite), and what a row number stands for.
"""

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers

_DEEPER = 0.4
"""At half way the slowest hundredth of all pictures takes three times the median, and finds hardly more."""

_JSON: dict[object, tuple[type, ...]] = {str: (str,), int: (int,), float: (float, int)}
"""What a field of a type is in Python's JSON."""


@dataclass(frozen=True, slots=True)
class Probing:
    """How far a query goes into an index."""

    nprobe: int  # lists
    candidates: int  # re-scored exactly


@dataclass(frozen=True, slots=True)
class Approach:
    """How queries of either kind go through an index; see `tuning`."""

    picture: Probing
    text: Probing
    border: float  # a query whose best cosine with a centroid is larger is one by picture
    reach: float  # see `lists`
    doubt: float  # see `lists`
    usual: float = 0.0  # a picture whose best cosine is smaller is unlike the library's

    def probing(self, best: float) -> Probing:
        """How far a query goes whose best cosine with a centroid is `best`.

        Pictures unlike the library's own lie far from the middle of every list: they go a part of the way to texts.
        """
        if best <= self.border:
            return self.text
        if best > self.usual:
            return self.picture
        picture, text = self.picture, self.text
        return Probing(_between(picture.nprobe, text.nprobe), _between(picture.candidates, text.candidates))


def _between(picture: int, text: int) -> int:
    return picture + math.ceil(_DEEPER * max(0, text - picture))


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """One built index: which file, over which rows, how it is to be searched, and how good it was when built.

    An index belongs to a generation only while SQLite holds its record; a file without one is a stray.
    """

    file: str  # its name in the space's folder
    built_rows: int  # it covers rows [0, built_rows), dead ones too; later rows are the tail
    structure: str  # as faiss's index_factory says it: "OPQ128_512,IVF894,PQ128x4fsr"
    nprobe: int  # lists probed for a query by text, which needs more
    candidates: int  # rows re-scored exactly for it
    digest: str  # of the file's bytes; see db.vectors.digest
    recall_image: float  # recall@10 measured when built, queries: rows of the library
    recall_text: float  # recall@10 measured when built, queries: text-like, out of the rows' distribution
    seconds: float  # wall time of the build
    target: float = 0.99  # recall@10 that was asked for
    coarse_error: float = 0.0  # mean of 1 - cosine of a live row with its list's centroid, when trained; 0: not known
    imbalance: float = 0.0  # lists · sum of squared shares of the live rows, when trained: 1 is even; 0: not known
    trained_rows: int = 0  # rows when the lists were trained; 0: not known
    dead_rows: int = 0  # of the built rows: those that could not be found when the recall was measured

    built_on: str = "CPU"  # which device trained the lists: "CPU", "2 × CUDA"
    nprobe_image: int = 0  # lists probed for a query by picture; 0: an earlier version built it
    candidates_image: int = 0
    border: float = 2.0  # a query whose best cosine with a centroid is larger is one by picture
    reach: float = 0.0  # see db.vectors.lists
    doubt: float = 0.0  # see db.vectors.lists
    usual: float = 0.0  # see Approach

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def approach(self) -> Approach:
        """How it is searched."""
        text = Probing(self.nprobe, self.candidates)
        picture = Probing(self.nprobe_image or self.nprobe, self.candidates_image or self.candidates)
        return Approach(picture, text, self.border, self.reach, self.doubt, self.usual)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The record that `to_json` wrote, of this version or an earlier one.

        Raises:
            ValueError: not JSON, a field is missing, not known or of another type: a later version wrote it, and what
                it means by the others is not known either.
        """
        try:
            record = cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"not the record of an index that this version knows: {error}") from error
        if not all(isinstance(getattr(record, field.name), _JSON[field.type]) for field in fields(cls)):
            raise ValueError(f"not the record of an index that this version knows: {record}")
        return record


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
