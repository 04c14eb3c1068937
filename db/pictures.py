"""From row numbers and ids to pictures as an answer shows them; and which rows a file or a content has."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from core.pictures import Picture
from db.captions import kept_captions_of
from db.connect import plain_rows
from db.facts import read_facts
from db.ranges import PathRange
from db.records import ExportRow, FileState, PictureFile
from db.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from core.arrays import RowNumbers

_PAGE = 5_000  # rows fetched at once by an export

# CROSS JOIN keeps the order of the tables. With statistics of only some of them, SQLite walked all rows: 7 s a million.
_COLUMNS = """
    SELECT r.row, a.id, a.content_hash, format.name, a.width, a.height, a.exif_orientation, a.taken, a.taken_offset,
        a.taken_source, camera.name, lens.name, a.latitude, a.longitude, a.phash
"""
_NAMES = """
    LEFT JOIN format ON format.id = a.format_id
    LEFT JOIN camera ON camera.id = a.camera_id
    LEFT JOIN lens ON lens.id = a.lens_id
"""
_ASSETS = f"""
    {_COLUMNS} FROM json_each(:rows) j
    CROSS JOIN vector_row r ON r.generation_id = :generation_id AND r.row = j.value
    CROSS JOIN asset a ON a.id = r.asset_id {_NAMES}
"""
_ASSETS_BY_ID = f"""
    {_COLUMNS} FROM json_each(:images) j
    CROSS JOIN asset a ON a.id = j.value
    LEFT JOIN vector_row r ON r.generation_id = :generation_id AND r.asset_id = a.id {_NAMES}
"""
_FILES = f"""
    SELECT fa.asset_id, f.path, f.state = '{FileState.OFFLINE}' FROM json_each(:assets) j
    JOIN file_asset fa ON fa.asset_id = j.value JOIN file f ON f.id = fa.file_id
    WHERE f.state IN ('present', 'offline')
"""
_FILE_FACTS = f"""
    SELECT f.path, f.state = '{FileState.OFFLINE}', f.size, f.mtime_ns
    FROM file_asset fa JOIN file f ON f.id = fa.file_id
    WHERE fa.asset_id = :image_id AND f.state IN ('present', 'offline')
"""


def pictures(conn: Connection, generation_id: int, rows: RowNumbers | Sequence[int]) -> list[Picture]:
    """The live pictures of these rows, in the order of the rows; a row that stands for none is left out."""
    wanted = rows.tolist() if isinstance(rows, np.ndarray) else list(rows)
    found = plain_rows(conn, _ASSETS, {"rows": json.dumps(wanted), "generation_id": generation_id})
    by_row = {picture.row: picture for picture in _shown(conn, found)}
    return [by_row[row] for row in wanted if row in by_row]


def pictures_by_id(conn: Connection, generation_id: int, images: Sequence[int]) -> list[Picture]:
    """The live pictures among these ids, in their order, with a vector (row -1 without); others are left out."""
    found = plain_rows(conn, _ASSETS_BY_ID, {"images": json.dumps(list(images)), "generation_id": generation_id})
    by_id = {picture.image_id: picture for picture in _shown(conn, found)}
    return [by_id[image] for image in images if image in by_id]


def files_of(conn: Connection, image_id: int) -> list[PictureFile]:
    """The files of a live picture: those in reach first, then by the length of their paths."""
    found = plain_rows(conn, _FILE_FACTS, {"image_id": image_id})
    files = [PictureFile(path, bool(offline), size, mtime_ns) for path, offline, size, mtime_ns in found]
    return sorted(files, key=lambda one: (one.offline, len(one.path), one.path))


def content_hashes(conn: Connection, images: Sequence[int]) -> dict[int, bytes | None]:
    """The live pictures among these ids, each with the hash of its content; None: it was never read."""
    found = plain_rows(
        conn,
        "SELECT a.id, a.content_hash FROM json_each(:images) j CROSS JOIN asset a ON a.id = j.value WHERE a.live",
        {"images": json.dumps(list(images))},
    )
    return dict(found)


def _shown(conn: Connection, found: Sequence[Sequence[Any]]) -> Iterator[Picture]:
    """The live pictures among rows of `_COLUMNS`, in no order that is promised."""
    assets = [asset_id for _, asset_id, *_ in found]
    files = best_files(conn, json.dumps(assets))
    captions, tags = kept_captions_of(conn, assets), tags_of(conn, assets)
    for row, asset_id, content_hash, *said in found:
        if asset_id in files:
            (state, _, path), *others = files[asset_id]
            yield Picture(
                image_id=asset_id,
                row=-1 if row is None else row,
                path=path,
                other_paths=tuple([other for _, _, other in others]),
                offline=state,
                facts=read_facts(said, captions.get(asset_id, ()), tags.get(asset_id, ())),
                content_hash=content_hash,
            )


def rows_with_hash(conn: Connection, generation_id: int, content_hash: bytes) -> RowNumbers:
    """Rows of the live pictures with this content, int64 (n,)."""
    return _rows(
        conn,
        "SELECT r.row FROM asset a JOIN vector_row r ON r.asset_id = a.id AND r.generation_id = :generation_id"
        " WHERE a.content_hash = :hash AND a.live ORDER BY r.row",
        {"generation_id": generation_id, "hash": content_hash},
    )


def rows_of_images(conn: Connection, generation_id: int, image_ids: Sequence[int]) -> dict[int, int]:
    """The row of each of these pictures; one that is not live, or has no vector, is left out."""
    found = conn.exec_driver_sql(
        "SELECT r.asset_id, r.row FROM json_each(:ids) j CROSS JOIN asset a ON a.id = j.value"
        " JOIN vector_row r ON r.asset_id = a.id AND r.generation_id = :generation_id WHERE a.live",
        {"ids": json.dumps(list(image_ids)), "generation_id": generation_id},
    )
    return dict(found.all())


def has_image(conn: Connection, image_id: int) -> bool:
    """Whether this picture is live."""
    return bool(conn.exec_driver_sql("SELECT 1 FROM asset WHERE id = ? AND live", (image_id,)).all())


def rows_at_path(conn: Connection, generation_id: int, path: bytes) -> RowNumbers:
    """Rows of the live pictures of the file at `path`, int64 (n,)."""
    return _rows(
        conn,
        "SELECT r.row FROM file f JOIN file_asset fa ON fa.file_id = f.id"
        " JOIN vector_row r ON r.asset_id = fa.asset_id AND r.generation_id = :generation_id"
        " WHERE f.path = :path AND f.state IN ('present', 'offline') ORDER BY r.row",
        {"generation_id": generation_id, "path": path},
    )


def images_at(conn: Connection, path: bytes) -> list[int]:
    """The live pictures of the file at `path`, or of all files below it."""
    place = PathRange.of(path)
    found = conn.exec_driver_sql(
        "SELECT DISTINCT fa.asset_id FROM file f JOIN file_asset fa ON fa.file_id = f.id"
        " WHERE (f.path = :path OR (f.path >= :lower AND f.path < :upper)) AND f.state IN ('present', 'offline')",
        {"path": place.path, "lower": place.lower, "upper": place.upper},
    )
    return sorted(found.scalars())


def images_of_rows(conn: Connection, generation_id: int, rows: RowNumbers) -> RowNumbers:
    """The pictures of these rows, which ascend and stand for pictures all of them, int64 (n,)."""
    if not len(rows):
        return np.empty(0, np.int64)
    found = conn.exec_driver_sql(
        "SELECT row, asset_id FROM vector_row WHERE generation_id = ? AND row BETWEEN ? AND ? ORDER BY row",
        (generation_id, int(rows[0]), int(rows[-1])),
    ).all()
    numbers, images = (np.fromiter((one[i] for one in found), np.int64, len(found)) for i in (0, 1))
    return np.asarray(images[np.searchsorted(numbers, rows)], np.int64)


def export_rows(conn: Connection, generation_id: int) -> Iterator[ExportRow]:
    """Every live row, in order, fetched in pages."""
    last = -1
    while page := conn.exec_driver_sql(
        "SELECT r.row FROM vector_row r JOIN asset a ON a.id = r.asset_id"
        " WHERE r.generation_id = :id AND r.row > :last AND a.live ORDER BY r.row LIMIT :page",
        {"id": generation_id, "last": last, "page": _PAGE},
    ).all():
        last = page[-1].row
        for picture in pictures(conn, generation_id, [row.row for row in page]):
            caption = picture.facts.captions[0].text if picture.facts.captions else None
            yield ExportRow(row=picture.row, image_id=picture.image_id, path=picture.path, caption=caption)


def best_files(conn: Connection, assets: str) -> dict[int, list[tuple[bool, int, bytes]]]:
    """Per picture (offline, length, path): the best path first."""
    files: dict[int, list[tuple[bool, int, bytes]]] = defaultdict(list)
    for asset_id, path, offline in plain_rows(conn, _FILES, {"assets": assets}):
        files[asset_id].append((bool(offline), len(path), path))
    for paths in files.values():
        paths.sort()
    return files


def _rows(conn: Connection, query: str, values: dict[str, object]) -> RowNumbers:
    return np.fromiter(conn.exec_driver_sql(query, values).scalars(), np.int64)
