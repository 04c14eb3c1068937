"""What a look at the whole library gives: all pictures in the order of time, and what they can be narrowed down by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from core.pictures import Orientation


class TimeOrder(StrEnum):
    """Which pictures come first; those whose time is not known come last either way."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Browsed:
    """All pictures that pass some filters, in the order of time.

    Attributes:
        images: int32 (n,), image ids.
        ratios: uint16 (n,), 1000 times width by height as shown; 0: not known.
        days: where a day begins: (the day, position of its first picture); None: the time is not known.
    """

    images: NDArray[np.int32]
    ratios: NDArray[np.uint16]
    days: tuple[tuple[date | None, int], ...]

    def __len__(self) -> int:
        return len(self.images)


class DateUnit(StrEnum):
    """How much time a bar of the histogram stands for."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class DateBin:
    """A year, month or day with pictures in it, by the clock on the wall."""

    start: date
    before: date  # the first day after it; of what is too late for any, the last day there is (9999-12-31)
    count: int


@dataclass(frozen=True, slots=True)
class Dates:
    """When pictures were taken; periods without any are left out."""

    unit: DateUnit
    bins: tuple[DateBin, ...]  # ascending
    unknown: int  # pictures whose time is not known


@dataclass(frozen=True, slots=True)
class FolderCount:
    """A folder, and how many pictures are in it or anywhere below."""

    path: bytes
    count: int


@dataclass(frozen=True, slots=True)
class NameCount:
    """A camera, tag or format, and how many pictures the filter for it lets through."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """A circle that holds some neighbouring pictures; every picture with a place is counted in exactly one."""

    latitude: float  # degrees, of the pictures' middle
    longitude: float
    radius_km: float  # to the farthest of them; the circle may also touch pictures of its neighbours
    count: int


@dataclass(frozen=True, slots=True)
class OrientationCount:
    """A shape, and how many pictures have it."""

    orientation: Orientation
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What the pictures that pass some filters can be narrowed down by.

    Each facet counts the pictures that pass all filters but its own, so that it shows what else could be chosen.
    Cameras, places, tags and formats: those with most pictures first, and no more than are worth showing.
    """

    total: int  # pictures that pass all filters
    dates: Dates
    folders: tuple[FolderCount, ...]  # by path, from each root down
    cameras: tuple[NameCount, ...]
    places: tuple[Place, ...]
    tags: tuple[NameCount, ...]
    formats: tuple[NameCount, ...]
    orientations: tuple[OrientationCount, ...]
