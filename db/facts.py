"""What a picture says of itself, written to and read from the asset table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.pictures import Caption, PictureFacts, Tag, TakenAt, TakenSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the clock on the wall, which has no zone

UNKNOWN = PictureFacts(
    format="unknown",
    width=0,
    height=0,
    exif_orientation=1,
    taken=TakenAt(local=_EPOCH, offset_minutes=None, source=TakenSource.FILE),
)
"""Shown for pictures that were imported with their vectors and never read."""

_SET_FACTS = """
    UPDATE asset SET format_id = :format_id, width = :width, height = :height, exif_orientation = :exif_orientation,
        taken = :taken, taken_offset = :taken_offset, taken_source = :taken_source, camera_id = :camera_id,
        lens_id = :lens_id, latitude = :latitude, longitude = :longitude, phash = :phash
    WHERE id = :id
"""


def wall_seconds(local: datetime) -> int:
    """The clock on the wall as whole seconds since 1970-01-01 of that clock, rounded down."""
    return (local - _EPOCH) // timedelta(seconds=1)


def read_taken(taken: int, offset: int | None, source: str) -> TakenAt:
    """When a picture was taken, from the columns of the asset table."""
    return TakenAt(_EPOCH + timedelta(seconds=taken), offset, _SOURCES[source])


def write_facts(conn: Connection, asset_id: int, facts: PictureFacts) -> None:
    """Set what is known of a picture.

    Copies of one picture may differ in their file times and sidecars. Of several files the date that says more than
    "the file's time" wins, of two file times the earlier; a place or camera once known stays.
    """
    values = {
        "id": asset_id,
        "format_id": _name_id(conn, "format", facts.format),
        "width": facts.width,
        "height": facts.height,
        "exif_orientation": facts.exif_orientation,
        "taken": wall_seconds(facts.taken.local),
        "taken_offset": facts.taken.offset_minutes,
        "taken_source": facts.taken.source.value,
        "camera_id": _name_id(conn, "camera", facts.camera),
        "lens_id": _name_id(conn, "lens", facts.lens),
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "phash": None if facts.phash is None else _signed(facts.phash),
    }
    known = conn.exec_driver_sql(
        "SELECT * FROM asset WHERE id = :id AND format_id IS NOT NULL"
        " AND (SELECT count(*) FROM file_asset WHERE asset_id = :id) > 1",
        {"id": asset_id},
    ).one_or_none()
    conn.exec_driver_sql(_SET_FACTS, values if known is None else _merged(known, values))


def read_facts(said: Sequence[Any], captions: tuple[Caption, ...], tags: tuple[Tag, ...] = ()) -> PictureFacts:
    """The facts of a row of the asset table.

    Args:
        said: its format by name, width, height, exif_orientation, taken, taken_offset, taken_source, camera and lens by
            name, latitude, longitude, phash.
        captions: of the picture.
        tags: of the picture.
    """
    picture_format, width, height, orientation, taken, offset, source, camera, lens, latitude, longitude, phash = said
    if picture_format is None:
        return replace(UNKNOWN, captions=captions, tags=tags)
    return PictureFacts(
        format=picture_format,
        width=width,
        height=height,
        exif_orientation=orientation,
        taken=read_taken(taken, offset, source),
        camera=camera,
        lens=lens,
        latitude=latitude,
        longitude=longitude,
        captions=captions,
        phash=None if phash is None else phash & _MASK,
        tags=tags,
    )


_SOURCES = {source.value: source for source in TakenSource}
_MASK = (1 << 64) - 1


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def _merged(known: Row[tuple[object, ...]], values: Mapping[str, object]) -> dict[str, object]:
    merged = dict(values)
    rank = (known.taken_source == TakenSource.FILE, known.taken)
    if rank < (values["taken_source"] == TakenSource.FILE, values["taken"]):
        merged |= {name: getattr(known, name) for name in ("taken", "taken_offset", "taken_source")}
    for name in ("camera_id", "lens_id"):
        merged[name] = values[name] if values[name] is not None else getattr(known, name)
    if values["latitude"] is None:
        merged |= {"latitude": known.latitude, "longitude": known.longitude}
    return merged


def _name_id(conn: Connection, table: str, name: str | None) -> int | None:
    if name is None:
        return None
    found = conn.exec_driver_sql(f"SELECT id FROM {table} WHERE name = :name", {"name": name}).scalar_one_or_none()
    if found is None:
        found = conn.exec_driver_sql(f"INSERT INTO {table} (name) VALUES (:name)", {"name": name}).lastrowid
    return int(found)
