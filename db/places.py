"""Where the files of a space lie, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.models import VectorKind
from db.vectors.rows_file import RowsFile, RowsHeader
from db.vectors.storage import storage_errors

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from db.connect import Store

ROW_TABLE = {VectorKind.IMAGE: "vector_row", VectorKind.CAPTION: "caption_row"}
"""What each kind of rows stands for: pictures, or caption texts."""

_PLACE = """
    SELECT s.slug, s.identity, s.dim, g.kind, g.number FROM generation g JOIN space s ON s.id = g.space_id
    WHERE g.id = :generation_id
"""


@dataclass(frozen=True, slots=True)
class RowsPlace:
    """The folder of one kind of vectors in one space, at one generation."""

    folder: Path
    identity: str  # of the space
    dim: int
    number: int  # of the generation

    @property
    def vectors(self) -> Path:
        """The row file."""
        return self.folder / f"vectors.{self.number}.f16"

    def create(self) -> RowsFile:
        """A new row file without rows, with its folder."""
        with storage_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        return RowsFile.create(self.vectors, self._header)

    def open(self) -> RowsFile:
        """The row file.

        Raises:
            LibraryDamaged: missing, or not this space's.
        """
        return RowsFile.open(self.vectors, self._header)

    def next(self) -> RowsPlace:
        """The generation after this one."""
        return replace(self, number=self.number + 1)

    @property
    def _header(self) -> RowsHeader:
        return RowsHeader(dim=self.dim, space=self.identity, generation=self.number)


def space_folder(library: Path, slug: str, kind: VectorKind) -> Path:
    """The folder of one kind of vectors."""
    return library / "spaces" / slug / kind.value


def place_of(store: Store, generation_id: int) -> RowsPlace:
    """Where this generation's files lie."""
    row = store.conn.exec_driver_sql(_PLACE, {"generation_id": generation_id}).one()
    folder = space_folder(store.folder, row.slug, VectorKind(row.kind))
    return RowsPlace(folder=folder, identity=row.identity, dim=row.dim, number=row.number)


def generation_ids(conn: Connection) -> list[int]:
    """Every current generation, of every space and kind."""
    return list(conn.exec_driver_sql("SELECT id FROM generation ORDER BY id").scalars())
