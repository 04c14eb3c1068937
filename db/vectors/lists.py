"""In what order the lists of an index are probed.

A list is worth probing for its best row, not for its middle. Seen from a query q its rows have the mean
|mean| · (q · c), c the unit centroid, and reach beyond it in proportion to how far they lie apart:

    promise = |mean| · (q · c) + reach · spread,      spread = sqrt(1 - |mean|²), the rows' root mean square distance

Queries by text lie away from all pictures (CLIP's modality gap), so that their best rows are the outliers of wide
lists: at a million made vectors the order by centroid finds 0.88 of them in 3% of the rows, this order 0.94. The rows
of wide lists are also told apart worst by their codes, and get `doubt · spread` on top of what the codes say of them,
so that they are re-scored rather than missed. Leaves to others: choosing `reach` and `doubt` (`tuning`), scanning.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers, Vectors
from db.vectors.engine import inner_products


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """What is known of each list.

    Attributes:
        centroids: float32 (lists, dim), unit rows.
        mean: float32 (lists,): the mean cosine of the list's rows with its centroid, which is the length of their mean
            as far as the centroid points along it.
        spread: float32 (lists,).
    """

    centroids: Vectors
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def of(cls, centroids: Vectors, mean: NDArray[np.float32]) -> Self:
        """The lists with these centroids and mean cosines."""
        return cls(centroids, mean, np.sqrt(np.maximum(0, 1 - np.square(mean))).astype(np.float32))

    @classmethod
    def measured(cls, centroids: Vectors, lists: RowNumbers, cosines: NDArray[np.float32]) -> Self:
        """From a sample: the list of each row, and its cosine with the centroid; a list without any is all middle."""
        counts = np.bincount(lists, minlength=len(centroids))
        sums = np.bincount(lists, weights=cosines, minlength=len(centroids))
        return cls.of(centroids, np.where(counts > 0, sums / np.maximum(counts, 1), 1.0).astype(np.float32))

    def __len__(self) -> int:
        return len(self.centroids)

    def cosines(self, query: Vectors) -> NDArray[np.float32]:
        """Of the query, float32 (dim,), with each centroid, float32 (lists,)."""
        return inner_products(self.centroids, query)

    def promise(self, cosines: NDArray[np.float32], reach: float) -> NDArray[np.float32]:
        """How much each list promises, float32 (lists,)."""
        promise: NDArray[np.float32] = cosines * self.mean + np.float32(reach) * self.spread
        return promise


def best(promise: NDArray[np.float32], count: int) -> RowNumbers:
    """The `count` most promising lists, in no promised order."""
    if count >= len(promise):
        return np.arange(len(promise))
    return np.argpartition(promise, len(promise) - count)[len(promise) - count :]
