"""Normalised cross-correlation of grey pixels: how alike two pictures are, and where one lies in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Grey: TypeAlias = NDArray[np.float32]
_LEAST_DEVIATION = 2.0  # levels: the noise of a plain area correlates with anything


@dataclass(frozen=True, slots=True)
class Match:
    """The best place of a template."""

    score: float  # -1 to 1
    width: float  # the label of the template that fitted best
    box: tuple[float, float, float, float]  # left, upper, right, lower, as fractions of the searched picture


def correlation(one: Grey, other: Grey) -> float:
    """The zero-mean normalised correlation of two pictures of one size, -1 to 1; 0 where one is flat."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-6 else 0.0


def best_match(picture: Grey, templates: Sequence[tuple[float, Grey]]) -> Match | None:
    """Where in `picture` (height, width) which of the labelled templates fits best; none is larger than it.

    None where every template is flat.
    """
    height, width = picture.shape
    spectra = np.fft.rfft2(picture - picture.mean())
    sums, squares = _integral(picture), _integral(picture * picture)
    best: Match | None = None
    for label, template in templates:
        centred = template - template.mean()
        energy = float((centred * centred).sum())
        rows, columns = template.shape
        if energy < _LEAST_DEVIATION**2 * rows * columns:
            continue
        shape = (height - rows + 1, width - columns + 1)
        product = np.fft.irfft2(spectra * np.conj(np.fft.rfft2(centred, picture.shape)), picture.shape)
        window = _window(sums, rows, columns)
        spread = np.maximum(_window(squares, rows, columns) - window * window / (rows * columns), 0.0)
        floor = _LEAST_DEVIATION**2 * rows * columns
        scores = product[: shape[0], : shape[1]] / np.sqrt(np.maximum(spread, floor) * energy)
        top, left = (int(i) for i in np.unravel_index(int(scores.argmax()), shape))
        if best is None or scores[top, left] > best.score:
            box = (left / width, top / height, (left + columns) / width, (top + rows) / height)
            best = Match(float(scores[top, left]), label, box)
    return best


def _integral(picture: Grey) -> NDArray[np.float64]:
    """(height + 1, width + 1): sums of everything above and left."""
    return np.pad(picture.astype(np.float64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))


def _window(integral: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """The sum of each window of rows × columns, by its upper left corner."""
    return (
        integral[rows:, columns:]
        - integral[:-rows, columns:]
        - integral[rows:, :-columns]
        + integral[:-rows, :-columns]
    )
