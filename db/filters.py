"""From filters to the rows that may be found. A filter never costs recall: it is a mask over every committed row."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.arrays import RowMask
from core.queries import Filters, Near
from db.columns import NEVER, ORIENTATIONS, open_columns, read_columns, read_dirty_columns, rows_below
from db.connect import Store
from db.facts import wall_seconds
from db.ranges import PathRange
from db.records import GenerationInfo
from db.tags import tagged_rows

_EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG

_Test = Callable[[NDArray[np.void]], NDArray[np.bool_]]


def findable_rows(conn: Connection, generation: GenerationInfo) -> RowMask | None:
    """The rows without a tombstone; None where that is every committed row."""
    if generation.live_rows == generation.committed_rows:
        return None
    mask = np.ones(generation.committed_rows, np.bool_)
    dead = conn.exec_driver_sql("SELECT row FROM tombstone WHERE generation_id = :id", {"id": generation.id})
    mask[np.fromiter(dead.scalars(), np.int64)] = False
    return mask


def filtered_rows(store: Store, generation: GenerationInfo, filters: Filters, findable: RowMask | None) -> RowMask:
    """The findable rows of which all filters hold, bool (committed_rows,)."""
    predicate = _compile(store.conn, filters)
    match, inside, several = (np.zeros(generation.committed_rows, np.bool_) for _ in range(3))
    for rows, records in _parts(store, generation):
        match[rows] = predicate.holds(records)
        inside[rows] = predicate.below(records)
        several[rows] = records["several"]
    if findable is not None:
        match &= findable
    for name in filters.tags:
        match &= _rows_with_tag(store.conn, generation, name)
    if predicate.folder_ids is not None:
        doubtful = np.flatnonzero(match & several)
        inside[doubtful] = rows_below(store.conn, generation.id, doubtful, predicate.folder_ids)
    return match & inside


def _parts(store: Store, generation: GenerationInfo) -> list[tuple[slice | NDArray[np.int64], NDArray[np.void]]]:
    """The records of all rows: the columns, then what SQL knows better."""
    columns = open_columns(store, generation.id)
    if columns is None:
        return [read_columns(store.conn, generation.id, 0)]
    covered = len(columns)
    return [
        (slice(covered), columns),
        read_dirty_columns(store.conn, generation.id, covered),
        read_columns(store.conn, generation.id, covered),
    ]


def _rows_with_tag(conn: Connection, generation: GenerationInfo, name: str) -> RowMask:
    """Asked of SQL each time: tags come and go without the columns being written anew."""
    tagged = np.zeros(generation.committed_rows, np.bool_)
    tagged[tagged_rows(conn, generation.id, name)] = True
    return tagged


@dataclass(frozen=True, slots=True)
class _Predicate:
    """Filters, with names already looked up."""

    folder_ids: list[int] | None  # None: any folder
    tests: list[_Test] = field(default_factory=list)

    def holds(self, records: NDArray[np.void]) -> NDArray[np.bool_]:
        """All filters but the folder's."""
        result = np.ones(len(records), np.bool_)
        for test in self.tests:
            result &= test(records)
        return result

    def below(self, records: NDArray[np.void]) -> NDArray[np.bool_]:
        """The folder's filter, by the one folder that the record names."""
        if self.folder_ids is None:
            return np.ones(len(records), np.bool_)
        return _one_of(records["folder"], self.folder_ids)


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
        add(lambda records: _one_of(records["camera"], cameras) | _one_of(records["lens"], lenses))
    if filters.near is not None:
        near = filters.near
        add(lambda records: _distance_km(records, near) <= near.radius_km)
    if filters.orientation is not None:
        code = ORIENTATIONS[filters.orientation]
        add(lambda records: records["orientation"] == code)
    if filters.formats:
        formats = _format_ids(conn, filters.formats)
        add(lambda records: _one_of(records["format"], formats))
    return predicate


def _one_of(values: NDArray[np.integer], wanted: list[int]) -> NDArray[np.bool_]:
    """Membership through a table: ids are small and dense."""
    table = np.zeros(max(max(wanted, default=0), int(values.max(initial=0))) + 1, np.bool_)
    table[wanted] = True
    return np.take(table, values)


def _distance_km(records: NDArray[np.void], near: Near) -> NDArray[np.float64]:
    """Great-circle distances by the haversine formula; NaN (so: not near) where the place is not known."""
    latitude, longitude = (np.radians(records[name].astype(np.float64)) for name in ("latitude", "longitude"))
    here_latitude, here_longitude = np.radians(near.latitude), np.radians(near.longitude)
    half_chord = (
        np.sin((latitude - here_latitude) / 2) ** 2
        + np.cos(latitude) * np.cos(here_latitude) * np.sin((longitude - here_longitude) / 2) ** 2
    )
    return np.asarray(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half_chord, 1.0))), np.float64)


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
