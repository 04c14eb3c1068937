"""Names for the arrays that cross package borders."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) RGB of one picture, or (n, height, width, 3) of a batch."""

Vectors: TypeAlias = NDArray[np.float32]
"""(n, dim) float32, rows of unit length; or (dim,) for a single one."""

HalfRows: TypeAlias = NDArray[np.float16]
"""(n, dim) float16: rows as they lie on disk."""

RowNumbers: TypeAlias = NDArray[np.int64]
"""(n,) row numbers of one vector file."""

RowMask: TypeAlias = NDArray[np.bool_]
"""(rows,) True for each row that may be found."""

PictureFeatures: TypeAlias = NDArray[np.float16]
"""(n, tokens, width) float16: what a reranker's vision tower makes of n pictures."""
