"""The rotation before product quantization: principal axes, dealt out so that every code has as much to tell.

Four bits tell a sub-quantizer's sixteen points apart, whatever its numbers vary. Of CLIP's vectors 64 directions of 512
hold three quarters of the variance, so numbers taken as they come waste most bits on what hardly varies. This is the
parametric solution of optimized product quantization (Ge et al., 2013, "eigenvalue allocation"): the product of the
variances is kept the same over all codes. With a million made vectors 200 candidates hold what 1,000 to 2,000 did.
Rotating changes no inner product, so nothing else knows of it. Leaves to others: quantizing, and keeping the matrix.
"""

import numpy as np
from numpy.typing import NDArray

from core.arrays import Vectors

_LEAST_SHARE = 1e-9  # of the variance: a direction that never varies is no smaller than this


def balanced_rotation(sample: Vectors, wide: int, codes: int, gap: Vectors | None = None) -> NDArray[np.float32]:
    """A matrix (wide, dim) with orthonormal columns; the numbers of a code adjoin.

    Args:
        sample: float32 (n, dim), finite.
        wide: a multiple of `codes`, at least dim.
        codes: sub-quantizers.
        gap: float32 (dim,), what all queries by text share; None: not known.
    """
    dim, per_code = sample.shape[1], wide // codes
    variances, axes = _principal_axes(sample, gap)
    rotation = np.zeros((wide, dim), np.float32)
    for code, own in enumerate(_deal(variances, codes, per_code, first_full=gap is not None)):
        rotation[code * per_code : code * per_code + len(own)] = axes[own]
    return rotation


def covariance(vectors: Vectors) -> NDArray[np.float64]:
    """(dim, dim) of float32 (n, dim)."""
    centred = vectors - vectors.mean(axis=0)
    scatter: NDArray[np.float64] = (centred.T @ centred).astype(np.float64)
    return scatter / max(1, len(vectors) - 1)


def _principal_axes(sample: Vectors, gap: Vectors | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variances (dim,) and orthonormal axes (dim, dim), largest first; the gap before all others."""
    spread = covariance(sample)
    if gap is None:
        variances, axes = np.linalg.eigh(spread)
        return variances[::-1], axes.T[::-1]
    first = (gap / np.linalg.norm(gap)).astype(np.float64)
    others = np.eye(len(first)) - np.outer(first, first)
    variances, axes = np.linalg.eigh(others @ spread @ others)
    kept = np.delete(np.arange(len(first))[::-1], -1 - int(np.argmax(np.abs(first @ axes))))
    return np.append(first @ spread @ first, variances[kept]), np.vstack([first, axes.T[kept]])


def _deal(variances: NDArray[np.float64], codes: int, per_code: int, *, first_full: bool = False) -> list[list[int]]:
    """Which axes each code gets: the next largest goes where the product is smallest, among those with room.

    With `first_full` the first axis shares its code with the least ones only.
    """
    floor = max(float(variances.sum()), 1e-30) * _LEAST_SHARE
    logs = np.log(np.maximum(variances, floor) / floor)
    own: list[list[int]] = [[] for _ in range(codes)]
    product = np.zeros(codes)
    order = list(range(len(logs)))
    if first_full:
        own[0] = [0, *order[len(order) - per_code + 1 :]] if per_code > 1 else [0]
        product[0] = np.inf
        order = order[1 : len(order) - per_code + 1]
    for axis, log in ((axis, logs[axis]) for axis in order):
        code = int(np.argmin(product))
        own[code].append(axis)
        product[code] = product[code] + log if len(own[code]) < per_code else np.inf
    return own
