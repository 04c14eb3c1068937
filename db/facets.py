"""What the pictures that pass some filters can be narrowed down by, counted on the filter columns.

Each facet counts under all filters but its own. Cameras, tags and formats count what the filter of their name would
let through: a camera's is a part of a name, so that one counts the others whose names hold its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.browsing import DateBin, Dates, DateUnit, Facets, NameCount, OrientationCount
from db.browse import DAY_S, day_of
from db.columns import NEVER, ORIENTATIONS
from db.facet_folders import FolderCounts
from db.facet_places import PlaceCounts
from db.last_few import LastFew
from db.tags import every_tag

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.arrays import RowMask
    from core.queries import Filters
    from db.filters import FilterRows

MOST_NAMES = 500
"""Cameras and tags of a facet; those with fewest pictures are left out."""

_KEPT = 4
_MOST_BARS = {DateUnit.DAY: 92, DateUnit.MONTH: 360}
"""Periods with pictures in them, up to which a histogram has bars so short: a quarter, 30 years."""


class Faceting:
    """The facets of one snapshot's rows; what all of them need is worked out once.

    Args:
        conn: a reader's.
        rows: the filters and the fields of the snapshot's rows.
    """

    def __init__(self, conn: Connection, rows: FilterRows) -> None:
        self._conn = conn
        self._rows = rows
        self._fields = rows.fields
        self._folders = FolderCounts(conn, rows.fields)
        self._kept: LastFew[Filters, Facets] = LastFew(_KEPT)

    def of(self, filters: Filters) -> Facets:
        """The facets under these filters.

        Raises:
            UsageError: a filter asks for a tag that no picture has.
        """
        return self._kept.of(filters, lambda: self._compute(filters))

    def _compute(self, filters: Filters) -> Facets:
        whole = self._rows.of
        return Facets(
            total=int(np.count_nonzero(whole(filters))),
            dates=self._dates(whole(replace(filters, taken_from=None, taken_before=None))),
            folders=self._folders.of(whole(replace(filters, folders=()))),
            cameras=self._cameras(whole(replace(filters, camera=None))),
            places=self._places.of(whole(replace(filters, near=None))),
            tags=self._tags(whole(replace(filters, tags=()))),
            formats=self._formats(whole(replace(filters, formats=()))),
            orientations=self._orientations(whole(replace(filters, orientation=None))),
        )

    @cached_property
    def _places(self) -> PlaceCounts:
        return PlaceCounts(self._fields)

    def _dates(self, mask: RowMask) -> Dates:
        days, first = self._days
        counts = np.bincount(days[mask])
        unknown, counts = int(counts[:1].sum()), counts[1:]
        found = np.flatnonzero(counts)
        starts = [day_of(first + day) for day in found.tolist()]
        unit = _unit(starts)
        bins: dict[date, int] = {}
        for start, count in zip(starts, counts[found].tolist(), strict=True):
            begin = _begin(start, unit)
            bins[begin] = bins.get(begin, 0) + count
        return Dates(unit, tuple(DateBin(start, _after(start, unit), n) for start, n in bins.items()), unknown)

    @cached_property
    def _days(self) -> tuple[NDArray[np.int32], int]:
        """Per row 1 + the day since the first of all, 0 where that is not known; and the first."""
        taken = self._fields["taken"]
        known = taken != NEVER
        days = taken // DAY_S
        first = int(days[known].min()) if known.any() else 0
        return np.where(known, days - first + 1, 0).astype(np.int32), first

    def _cameras(self, mask: RowMask) -> tuple[NameCount, ...]:
        names, lenses = self._names("camera"), self._names("lens")
        camera = self._fields["camera"][mask]
        counts = np.bincount(camera, minlength=max(names, default=0) + 1)
        found = []
        for number in np.flatnonzero(counts[1:]) + 1:
            wanted = names[int(number)].casefold()
            alike = [one for one, name in names.items() if wanted in name.casefold()]
            count = int(counts[alike].sum())
            if of_lens := [one for one, name in lenses.items() if wanted in name.casefold()]:
                by_lens = np.isin(self._fields["lens"][mask], of_lens) & ~np.isin(camera, alike)
                count += int(np.count_nonzero(by_lens))
            found.append(NameCount(names[int(number)], count))
        return _most_first(found)

    def _tags(self, mask: RowMask) -> tuple[NameCount, ...]:
        names, tags, assets = self._tagged
        passing = np.zeros(self._most_asset + 1, np.bool_)
        passing[self._fields["asset"][mask]] = True
        counts = np.bincount(tags[passing[np.minimum(assets, self._most_asset)]], minlength=len(names))
        return _most_first([NameCount(names[at], int(counts[at])) for at in np.flatnonzero(counts).tolist()])

    @cached_property
    def _tagged(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """The tags' names, and which (by its place among them) is which picture's, each pair once."""
        found = every_tag(self._conn)
        numbers = np.repeat(np.arange(len(found)), [len(assets) for _, assets in found])
        return [name for name, _ in found], numbers, np.concatenate([*(a for _, a in found), np.empty(0, np.int64)])

    @cached_property
    def _most_asset(self) -> int:
        """Pictures without a row may have higher numbers; no row is theirs, and 1 + the highest stands for them."""
        return int(self._fields["asset"].max(initial=0)) + 1

    def _formats(self, mask: RowMask) -> tuple[NameCount, ...]:
        counts, names = np.bincount(self._fields["format"][mask]), self._names("format")
        return _most_first([NameCount(names[at], int(counts[at])) for at in np.flatnonzero(counts).tolist() if at])

    def _orientations(self, mask: RowMask) -> tuple[OrientationCount, ...]:
        counts = np.bincount(self._fields["orientation"][mask], minlength=len(ORIENTATIONS) + 1)
        return tuple(OrientationCount(one, int(counts[code])) for one, code in ORIENTATIONS.items() if counts[code])

    def _names(self, table: str) -> dict[int, str]:
        return {row.id: row.name for row in self._conn.exec_driver_sql(f"SELECT id, name FROM {table}")}


def _most_first(found: list[NameCount]) -> tuple[NameCount, ...]:
    return tuple(sorted(found, key=lambda one: (-one.count, one.name.casefold()))[:MOST_NAMES])


def _unit(days: list[date]) -> DateUnit:
    """The shortest that leaves a histogram readable."""
    for unit, most in _MOST_BARS.items():
        if len({_begin(day, unit) for day in days}) <= most:
            return unit
    return DateUnit.YEAR


def _begin(day: date, unit: DateUnit) -> date:
    if unit is DateUnit.DAY:
        return day
    return day.replace(day=1) if unit is DateUnit.MONTH else day.replace(month=1, day=1)


def _after(start: date, unit: DateUnit) -> date:
    """The first day after a period; the last day there is, where there is none."""
    try:
        if unit is DateUnit.DAY:
            return start + timedelta(days=1)
        if unit is DateUnit.MONTH and start.month < 12:
            return start.replace(month=start.month + 1)
        return start.replace(year=start.year + 1, month=1)
    except (OverflowError, ValueError):
        return date.max
