"""A 64-bit perceptual hash: alike for copies of a picture, unlike for different pictures.

The DCT hash of pHash (Christoph Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010,
section 3.2.1): grey 32 × 32 pixels, their two-dimensional DCT-II, the 8 × 8 lowest frequencies without the first row
and column, one bit each for "above their median". Resizing (antialiased)
stands for the mean filter before it.
"""

import functools
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels
from media.fit import Raster, shrink, thinned

if TYPE_CHECKING:
    from numpy.typing import NDArray

HASH_SIDE = 32  # pixels
HASH_KEPT_SIDE = 3 * HASH_SIDE  # pixels of the shorter side; with as few, no hash of 199 changed by more than 2 bits
_KEPT = slice(1, 9)  # 8 frequencies from the second on: the first is the mean brightness


def perceptual_hash(raster: Raster) -> int:
    """The hash of a picture as it is shown: an unsigned 64-bit number. Compare by Hamming distance.

    Copies (resized, recompressed) are within about 6 bits, other pictures about 32 away.
    """
    few = thinned(raster, (), least_side=HASH_KEPT_SIDE)
    grey = shrink(few, (HASH_SIDE, HASH_SIDE)).convert("L")
    return hash_of_grey(np.asarray(grey))


def hash_of_grey(grey: Pixels) -> int:
    """The hash of uint8 (32, 32) grey pixels."""
    basis = _dct_basis()
    low = (basis @ grey.astype(np.float64) @ basis.T)[_KEPT, _KEPT].ravel()
    bits = np.packbits(low > np.median(low))
    return int.from_bytes(bits.tobytes(), "big")


@functools.cache
def _dct_basis() -> "NDArray[np.float64]":
    """(32, 32): row k is the DCT-II basis function of frequency k, orthonormal."""
    k, x = np.mgrid[0:HASH_SIDE, 0:HASH_SIDE]
    basis = np.cos(np.pi * k * (2 * x + 1) / (2 * HASH_SIDE)) * np.sqrt(2.0 / HASH_SIDE)
    basis[0] /= np.sqrt(2.0)
    return np.asarray(basis, np.float64)
