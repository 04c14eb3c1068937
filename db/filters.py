"""From filters to the rows that may be found. A filter never costs recall: it is a mask over every committed row."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.tags import folded
from db.columns import NEVER, ORIENTATIONS
from db.facts import wall_seconds
from db.last_few import LastFew
from db.ranges import PathRange
from db.row_fields import Fields, RowFields, Test, one_of
from db.tags import tagged_assets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from core.arrays import RowMask
    from core.queries import Filters, Near
    from db.connect import Store
    from db.records import GenerationInfo

_EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
_MARGIN_KM = 0.02  # of two places in float32 degrees
_BOUNDS = ((1 - 1e-4, -1), (1 + 1e-4, 1))  # of a radius, within which float32 is not asked
_ROUNDING = 1e-5  # of a half chord in float32
_MASKS_KEPT = 16  # of filters and tags asked last: a megabyte each at a million rows; facets ask for up to 8

_Degrees = NDArray[np.float32]


def findable_rows(conn: Connection, generation: GenerationInfo) -> RowMask | None:
    """The rows without a tombstone; None where that is every committed row."""
    if generation.live_rows == generation.committed_rows:
        return None
    mask = np.ones(generation.committed_rows, np.bool_)
    dead = conn.exec_driver_sql("SELECT row FROM tombstone WHERE generation_id = :id", {"id": generation.id})
    mask[np.fromiter(dead.scalars(), np.int64)] = False
    return mask


class FilterRows:
    """What filters ask of the rows of one snapshot, read once: the columns, then what SQL knows better.

    Args:
        store: a reader's.
        generation: whose rows.
        findable: those that live, bool (committed_rows,); None: all of them.
    """

    def __init__(self, store: Store, generation: GenerationInfo, findable: RowMask | None) -> None:
        self._conn = store.conn
        self._findable = findable
        self.fields = RowFields(store, generation)
        self._kept: LastFew[Filters | str, RowMask] = LastFew(_MASKS_KEPT)  # by filters, and by a tag's folded name

    def of(self, filters: Filters) -> RowMask:
        """The rows that live of which all filters hold, bool (committed_rows,); read-only.

        Those of the last few filters and tags are kept: what is asked next is often asked of the same pictures.
        """
        return self._once(filters, lambda: self._compute(filters))

    def _once(self, key: Filters | str, make: Callable[[], RowMask]) -> RowMask:
        mask = self._kept.of(key, make)
        mask.flags.writeable = False
        return mask

    def _compute(self, filters: Filters) -> RowMask:
        predicate = _compile(self._conn, filters)
        match = self.fields.ask(predicate.holds)
        if self._findable is not None:
            match &= self._findable
        for name in filters.tags:
            match &= self._once(folded(name), partial(self._tagged, name))
        return match if predicate.folder_ids is None else match & self.in_folders(predicate.folder_ids)

    def _tagged(self, name: str) -> RowMask:
        """Asked of SQL: tags come and go without the columns being written anew."""
        assets = tagged_assets(self._conn, name)
        return self.fields.ask(lambda records: one_of(records["asset"], assets))

    def in_folders(self, folder_ids: Sequence[int]) -> RowMask:
        """The rows with a live file in one of these folders themselves, bool (committed_rows,)."""
        return self.fields.in_folders(folder_ids)


@dataclass(frozen=True, slots=True)
class _Predicate:
    """Filters, with names already looked up."""

    folder_ids: list[int] | None  # None: any folder
    tests: list[Test] = field(default_factory=list)

    def holds(self, records: Fields) -> NDArray[np.bool_]:
        """All filters but the folder's."""
        result = np.ones(len(records), np.bool_)
        for test in self.tests:
            result &= test(records)
        return result


def _compile(conn: Connection, filters: Filters) -> _Predicate:
    predicate = _Predicate(_folder_ids(conn, filters.folders) if filters.folders else None)
    add = predicate.tests.append
    if filters.taken_from is not None:
        lower = wall_seconds(filters.taken_from)
        add(lambda records: records["taken"] >= lower)
    if filters.taken_before is not None:
        upper = wall_seconds(filters.taken_before) + bool(filters.taken_before.microsecond)  # stored times are whole
        add(lambda records: (records["taken"] < upper) & (records["taken"] != NEVER))
    if filters.camera is not None:
        cameras, lenses = _names_like(conn, "camera", filters.camera), _names_like(conn, "lens", filters.camera)
        add(lambda records: one_of(records["camera"], cameras) | one_of(records["lens"], lenses))
    if filters.near is not None:
        near = filters.near
        add(lambda records: _is_near(records, near))
    if filters.orientation is not None:
        code = ORIENTATIONS[filters.orientation]
        add(lambda records: records["orientation"] == code)
    if filters.formats:
        formats = _format_ids(conn, filters.formats)
        add(lambda records: one_of(records["format"], formats))
    return predicate


def _is_near(records: Fields, near: Near) -> NDArray[np.bool_]:
    """Within the circle? Told in float32 (a fifth of the time), and in float64 where that is too close to call.

    Where a place is not known (NaN), it is not near.
    """
    latitude, longitude = records["latitude"], records["longitude"]
    inner_km, outer_km = (near.radius_km * part + sign * _MARGIN_KM for part, sign in _BOUNDS)
    reach = np.float32(np.degrees(outer_km / _EARTH_RADIUS_KM))
    rows = np.flatnonzero(np.abs(latitude - np.float32(near.latitude)) <= reach)  # a belt around the earth
    half_chords = _half_chords(latitude[rows], longitude[rows], near, np.float32)
    inside = half_chords <= _half_chord(inner_km) * (1 - _ROUNDING)
    close = np.flatnonzero((half_chords <= _half_chord(outer_km) * (1 + _ROUNDING)) & ~inside)
    exact = _half_chords(latitude[rows[close]], longitude[rows[close]], near, np.float64)
    inside[close] = 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(exact, 1.0))) <= near.radius_km
    result = np.zeros(len(latitude), np.bool_)
    result[rows[inside]] = True
    return result


def _half_chords(latitude: _Degrees, longitude: _Degrees, near: Near, kind: type[np.floating]) -> NDArray[np.floating]:
    """Squares of half the chords to the place on a sphere of radius 1 (haversine formula)."""
    here_latitude, here_longitude = kind(near.latitude), kind(near.longitude)
    radian = kind(np.pi / 180)
    latitude, longitude = latitude.astype(kind), longitude.astype(kind)
    across = np.cos(latitude * radian) * kind(np.cos(np.radians(near.latitude)))
    half = kind(0.5) * radian
    return np.asarray(
        np.sin((latitude - here_latitude) * half) ** 2 + across * np.sin((longitude - here_longitude) * half) ** 2
    )


def _half_chord(distance_km: float) -> float:
    """The same for a distance along the surface."""
    angle = min(max(distance_km / _EARTH_RADIUS_KM, 0.0), math.pi)
    return math.sin(angle / 2) ** 2


def _folder_ids(conn: Connection, folders: tuple[bytes, ...]) -> list[int]:
    found: set[int] = set()
    for folder in folders:
        place = PathRange.of(folder)
        found.update(
            conn.exec_driver_sql(
                "SELECT id FROM folder WHERE path = :path OR (path >= :lower AND path < :upper)",
                {"path": place.path, "lower": place.lower, "upper": place.upper},
            ).scalars()
        )
    return sorted(found)


def _names_like(conn: Connection, table: str, part: str) -> list[int]:
    """Ids of the names that contain `part`. In Python: SQLite ignores case for ASCII only."""
    wanted = part.casefold()
    return [row.id for row in conn.exec_driver_sql(f"SELECT id, name FROM {table}") if wanted in row.name.casefold()]


def _format_ids(conn: Connection, names: tuple[str, ...]) -> list[int]:
    return [row.id for row in conn.exec_driver_sql("SELECT id, name FROM format") if row.name in names]
