"""What finding duplicates asks of the library: the fingerprint of every picture, and the files of some.

Which of them are alike is `searcher`'s to say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core.duplicates import RecordedFile
from core.pictures import TakenSource
from db.connect import plain_rows
from db.facts import read_taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.arrays import RowNumbers

_AT_ONCE = 20_000  # rows in Python's memory: 10 MB

# In the order of _PRINT. CROSS JOIN: from row to row, whatever statistics SQLite has of the tables.
_PRINTS = f"""
    SELECT r.row, a.id, a.phash, a.width * 1.0 / max(a.height, 1),
        CASE WHEN a.taken_source = '{TakenSource.FILE}' THEN NULL ELSE a.taken END
    FROM vector_row r CROSS JOIN asset a ON a.id = r.asset_id
    WHERE r.generation_id = :generation_id AND a.live AND a.phash IS NOT NULL
    ORDER BY r.row
"""
_PRINT = np.dtype([("row", "<i8"), ("image", "<i8"), ("hash", "<i8"), ("aspect", "<f8"), ("second", "<f8")])

# The index over file_asset alone tells whose files are several; which of them live is asked of those only.
_SEVERAL = """
    SELECT fa.asset_id FROM (SELECT asset_id FROM file_asset GROUP BY asset_id HAVING count(*) > 1) many
    CROSS JOIN file_asset fa ON fa.asset_id = many.asset_id
    CROSS JOIN file f ON f.id = fa.file_id AND f.state IN ('present', 'offline')
    GROUP BY fa.asset_id HAVING count(*) > 1
    ORDER BY fa.asset_id
"""
_FILES = """
    SELECT fa.asset_id, f.path, f.state = 'offline', f.size, f.mtime_ns, format.name, a.width, a.height, a.taken,
        a.taken_offset, a.taken_source, camera.name, a.latitude IS NOT NULL, a.content_hash
    FROM json_each(:images) j
    CROSS JOIN asset a ON a.id = j.value
    CROSS JOIN file_asset fa ON fa.asset_id = a.id
    CROSS JOIN file f ON f.id = fa.file_id AND f.state IN ('present', 'offline')
    LEFT JOIN format ON format.id = a.format_id
    LEFT JOIN camera ON camera.id = a.camera_id
    ORDER BY j.key, f.path
"""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Prints:
    """The fingerprints of the pictures that live and were read; each array (n,), in the order of rows.

    Attributes:
        rows: in the space's vectors, ascending.
        images: their ids.
        hashes: the perceptual ones, uint64.
        aspects: width by height.
        seconds: of the exposure, by the clock on the wall; NaN where no camera says it.
    """

    rows: RowNumbers
    images: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    aspects: NDArray[np.float64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


def read_prints(conn: Connection, generation_id: int) -> Prints:
    """Those of this generation's rows."""
    pages = list(_pages(conn, generation_id))
    records = np.concatenate(pages) if pages else np.empty(0, _PRINT)
    return Prints(
        rows=records["row"].copy(),
        images=records["image"].copy(),
        hashes=records["hash"].astype(np.uint64),
        aspects=records["aspect"].copy(),
        seconds=records["second"].copy(),
    )


def images_with_several_files(conn: Connection) -> NDArray[np.int64]:
    """The pictures of which there are several live files, ascending."""
    return np.fromiter(conn.exec_driver_sql(_SEVERAL).scalars(), np.int64)


def recorded_files(conn: Connection, images: Sequence[int]) -> dict[int, list[RecordedFile]]:
    """The live files of each of these pictures, by path; a picture without one is left out."""
    files: dict[int, list[RecordedFile]] = {}
    each = list(dict.fromkeys(images))
    for start in range(0, len(each), _AT_ONCE):
        part = json.dumps(each[start : start + _AT_ONCE])
        for said in plain_rows(conn, _FILES, {"images": part}):
            files.setdefault(said[0], []).append(_file(said))
    return files


def _pages(conn: Connection, generation_id: int) -> Iterator[NDArray[np.void]]:
    found = conn.exec_driver_sql(_PRINTS, {"generation_id": generation_id})
    cursor = cast("Any", found.cursor)  # the driver's: numpy wants plain tuples
    try:
        while page := cursor.fetchmany(_AT_ONCE):
            yield np.array(page, _PRINT)
    finally:
        found.close()


def _file(said: tuple[Any, ...]) -> RecordedFile:
    image_id, path, offline, size, mtime_ns, kind, width, height, taken, offset, source, *rest = said
    camera, has_place, content = rest
    read = kind is not None
    return RecordedFile(
        image_id=image_id,
        path=path,
        offline=bool(offline),
        size_bytes=size,
        mtime_ns=mtime_ns,
        format=kind,
        width=width if read else 0,
        height=height if read else 0,
        taken=read_taken(taken, offset, source) if read else None,
        camera=camera,
        has_place=bool(has_place),
        content_hash=content,
    )
