"""From what a file is called to the pictures it stands for, whether they have a vector or not."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

_CHUNK = 10_000  # SQLite takes 32,766 values in a statement
_LIVE = "f.state IN ('present', 'offline')"


def images_at_paths(conn: Connection, paths: Collection[bytes]) -> dict[bytes, int]:
    """The live picture of each of these files; a path without one is left out."""
    found: dict[bytes, int] = {}
    chosen = list(paths)
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        rows = conn.exec_driver_sql(
            f"SELECT f.path, fa.asset_id FROM file f JOIN file_asset fa ON fa.file_id = f.id"
            f" WHERE {_LIVE} AND f.path IN ({', '.join('?' * len(part))})"
            " ORDER BY fa.asset_id DESC",  # of several pages the first
            tuple(part),
        )
        found.update((row.path, row.asset_id) for row in rows)
    return found


def images_called(conn: Connection, names: Collection[bytes]) -> dict[bytes, list[tuple[bytes, int]]]:
    """Every live file with one of these names, in any folder: (path, image id). Reads all paths once."""
    found: dict[bytes, list[tuple[bytes, int]]] = defaultdict(list)
    for path, image_id in conn.exec_driver_sql(
        f"SELECT f.path, fa.asset_id FROM file f JOIN file_asset fa ON fa.file_id = f.id WHERE {_LIVE}"
    ):
        name = os.path.basename(path)  # noqa: PTH119 - bytes
        if name in names:
            found[name].append((path, image_id))
    return found
