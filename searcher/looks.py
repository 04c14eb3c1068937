"""Which pictures look most like what was asked, and in what order.

By the cosine; where words name a thing, the nearest by cosine are ordered by their standing among neutral texts: how
much better the words fit a picture than everyday things do (`match`). So a picture that scores high with every word
comes first no longer. Whole sentences are better left to the cosine (docs/cut-off.md has the figures).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from searcher.keywords import Keywords
from searcher.match import Neutral, kept_neutral

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo

LOOK_DEPTH = 300
"""Pictures whose place by look counts, those of the highest cosines, whatever page is asked for: further down a rank is
worth a sixth of the first, and 1,000 of a million cost an exact scan."""

SURE = 100
"""Of these the nearest that an index has to find as surely as it promises; most of the others it meets on the way: in a
million made pictures three quarters of LOOK_DEPTH for words, in two thirds of the time that nearly all of them take."""

NAME = 3
"""Words at most, small ones not counted, of what names a thing. Of four, standing orders the answers no better than the
cosine, and of five worse."""

DECIMALS = 4
"""What a standing depends on its batch by; rounded, copies of one picture are equal."""

FAR = 1_000.0
"""Further below any standing than a cosine is high."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Pictures and how well they look like what was asked, in any order.

    Attributes:
        rows: int64 (n,).
        cosines: float32 (n,).
        looks: float32 (n,), what ranks by look are made of: standings, or the cosines.
    """

    rows: RowNumbers
    cosines: NDArray[np.float32]
    looks: NDArray[np.float32]

    def best_first(self) -> NDArray[np.int64]:
        """The order of them; equal ones by cosine, then by row."""
        return np.lexsort((self.rows, -self.cosines, -self.looks))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is looked for in a space, and what orders it.

    Attributes:
        reader: one snapshot of the library.
        space: the space that is searched.
        vector: the query, float32 (dim,), unit length.
        texts: neutral ones to order by; None: the cosine does.
    """

    reader: "LibraryReader"
    space: "SpaceInfo"
    vector: Vectors
    texts: Neutral | None = None

    def nearest(self, mask: RowMask | None) -> Seen:
        """The LOOK_DEPTH highest cosines."""
        found = self.reader.search(self.space, self.vector, LOOK_DEPTH, mask, sure=SURE)
        return self.at(found.rows, found.scores)

    def cosines(self, rows: RowNumbers) -> NDArray[np.float32]:
        """Of what is looked for with these rows."""
        return self.reader.cosines(self.space, self.vector, rows)

    def at(self, rows: RowNumbers, cosines: NDArray[np.float32]) -> Seen:
        """These rows, whose cosines are known. Of more than LOOK_DEPTH the others come after those, by their cosine."""
        if self.texts is None:
            return Seen(rows, cosines, cosines)
        looks = cosines - FAR
        near = np.argsort(-cosines, kind="stable")[:LOOK_DEPTH]
        vectors = self.reader.vectors(self.space, rows[near])
        looks[near] = self.texts.standing(self.vector, vectors).round(DECIMALS)
        return Seen(rows, cosines, looks)


def look_for(reader: "LibraryReader", space: "SpaceInfo", vector: Vectors, keywords: Keywords) -> Look:
    """Of words alone: by standing where they name a thing and the space has neutral texts."""
    return Look(reader, space, vector, kept_neutral(reader, space) if len(keywords.terms) <= NAME else None)
