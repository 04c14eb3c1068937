"""Where pictures were taken, as a few circles: a map's squares, split where there is most to be told apart.

The squares are those of a quadtree: places ordered by their Morton code lie in a square as one run, so that splitting
one is three binary searches. What is split next is the square whose pictures are farthest from its middle, summed up.
"""

from __future__ import annotations

import heapq
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.browsing import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import RowMask
    from db.row_fields import RowFields

MOST_PLACES = 200
_LEVELS = 15  # squares of the last one are 1.2 km wide at the equator
_LEAST_KM = 0.2  # of a radius
_KM_A_DEGREE = 111.195  # of latitude, on a sphere of the mean radius
_SPARE_KM = 0.05  # for places in float32, and for rounding


class PlaceCounts:
    """The places of one snapshot's rows, in the order of the map's squares."""

    def __init__(self, fields: RowFields) -> None:
        latitude, longitude = fields["latitude"], fields["longitude"]
        rows = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        codes = _morton(latitude[rows], longitude[rows])
        order = np.argsort(codes)
        self._rows, self._codes = rows[order].astype(np.int32), codes[order].astype(np.int32)
        self._latitude, self._longitude = latitude[self._rows], longitude[self._rows]

    def of(self, mask: RowMask) -> tuple[Place, ...]:
        """At most MOST_PLACES circles that hold all of these rows with a place, those with most pictures first."""
        passing = mask[self._rows]
        squares = _squares(self._codes[passing])
        latitude, longitude = (v[passing].astype(np.float64) for v in (self._latitude, self._longitude))
        places = [_circle(latitude[start:end], longitude[start:end]) for start, end in squares]
        return tuple(sorted(places, key=lambda place: (-place.count, place.latitude, place.longitude)))


def _morton(latitude: NDArray[np.float32], longitude: NDArray[np.float32]) -> NDArray[np.int64]:
    """Bits of both, interleaved: the first 2n say in which square of level n a place lies."""
    most = (1 << _LEVELS) - 1
    across = ((latitude.astype(np.float64) + 90) / 180 * (most + 1)).astype(np.int64).clip(0, most)
    along = ((longitude.astype(np.float64) + 180) / 360 * (most + 1)).astype(np.int64).clip(0, most)
    return (_spread(across) << 1) | _spread(along)


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """A zero before each of 16 bits."""
    for shift, keep in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | values << shift) & keep
    return values


def _squares(codes: NDArray[np.int32]) -> list[tuple[int, int]]:
    """Runs [start, end) of these codes, which ascend: one for each square that anything lies in."""
    done: list[tuple[int, int]] = []
    open_squares = [_square(0, len(codes), 0)] if len(codes) else []
    while open_squares and len(open_squares) + len(done) + 3 <= MOST_PLACES:
        _, start, end, level = heapq.heappop(open_squares)
        if level == _LEVELS:
            done.append((start, end))
            continue
        shift = 2 * (_LEVELS - level - 1)
        first = int(codes[start]) >> shift & ~3
        cuts = np.searchsorted(codes[start:end], (first + np.arange(1, 4)) << shift) + start
        edges = [start, *cuts.tolist(), end]
        for low, high in pairwise(edges):
            if high > low:
                heapq.heappush(open_squares, _square(low, high, level + 1))
    return done + [(start, end) for _, start, end, _ in open_squares]


def _square(start: int, end: int, level: int) -> tuple[float, int, int, int]:
    """What is to be split first comes first."""
    return -(end - start) / 2**level, start, end, level


def _circle(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> Place:
    """The circle around the middle of some places on one side of the date line."""
    middle, across = float(latitude.mean()), float(longitude.mean())
    middle, across = round(middle, 5), round(across, 5)
    half = np.radians(latitude - middle) / 2, np.radians(longitude - across) / 2
    chord = np.sin(half[0]) ** 2 + np.cos(np.radians(latitude)) * math.cos(math.radians(middle)) * np.sin(half[1]) ** 2
    farthest = math.degrees(2 * math.asin(min(1.0, math.sqrt(float(chord.max()))))) * _KM_A_DEGREE
    radius = math.ceil(max(_LEAST_KM, farthest + _SPARE_KM) * 100) / 100
    return Place(middle, across, radius, len(latitude))
