"""The loop of rclip, written again: vectors as blobs in SQLite, all of them read for every query.

A row per picture (path, time, size, 512 float32 as a blob); a query selects the rows below a folder that are not
deleted, makes a matrix of the blobs, multiplies, sorts all similarities as Python tuples and takes the first ten.
"""

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.arrays import HalfRows, RowNumbers, Vectors

_FILE = "db.sqlite3"
_ADD_ROWS = 8_192
_FOLDER = "/home/me/Pictures"
_TABLES = """
    CREATE TABLE images (id INTEGER PRIMARY KEY, deleted BOOLEAN, filepath TEXT NOT NULL UNIQUE,
                         modified_at DATETIME NOT NULL, size INTEGER NOT NULL, vector BLOB NOT NULL);
    CREATE UNIQUE INDEX existing_images ON images(filepath) WHERE deleted IS NULL;
"""


@dataclass(frozen=True)
class SqliteBlobs:
    """Exact, and linear in everything."""

    name = "sqlite-blobs"
    title = "SQLite blobs, numpy, sort (rclip's loop)"
    package = None
    knob = ""
    efforts = (0,)

    def load(self) -> None:
        """Nothing: sqlite3 and numpy are in memory already."""

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Fills the table."""
        with sqlite3.connect(folder / _FILE) as connection:
            connection.executescript(_TABLES)
            connection.executemany("INSERT INTO images VALUES (?, NULL, ?, ?, ?, ?)", _records(rows))
        connection.close()
        return {"structure": "table, f32 blobs"}

    def open(self, folder: Path) -> "OpenBlobs":
        """Opens the database; nothing is read yet."""
        connection = sqlite3.connect(folder / _FILE)
        connection.row_factory = sqlite3.Row
        return OpenBlobs(connection)


@dataclass(frozen=True, eq=False)
class OpenBlobs:
    """The database behind the contract."""

    connection: sqlite3.Connection

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:  # noqa: ARG002 - the contract's
        """Exact."""
        paths: list[str] = []
        vectors: list[Vectors] = []
        for image in self.connection.execute(
            "SELECT filepath, vector FROM images WHERE filepath LIKE ? AND deleted IS NULL", (_FOLDER + "/%",)
        ):
            paths.append(image["filepath"])
            vectors.append(np.frombuffer(image["vector"], np.float32))
        similarities = np.stack(vectors) @ query
        ordered = sorted(
            zip(similarities, range(len(vectors)), strict=True), key=lambda similarity: similarity[0], reverse=True
        )
        return np.array([_number(paths[at]) for _, at in itertools.islice(ordered, k)], np.int64)


def _records(rows: HalfRows) -> Iterator[tuple[int, str, float, int, bytes]]:
    for start in range(0, len(rows), _ADD_ROWS):
        for number, vector in enumerate(rows[start : start + _ADD_ROWS].astype(np.float32), start):
            path = f"{_FOLDER}/{2000 + number % 25}/album-{number // 500:05d}/IMG_{number:08d}.jpg"
            yield number + 1, path, 1.6e9 + number, 3_000_000 + number, vector.tobytes()


def _number(path: str) -> int:
    return int(path[-12:-4])
