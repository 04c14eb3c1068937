"""How much the library holds, what could not be read, and what it takes on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ProblemKind
from core.indexing import Problem
from db.connect import DATABASE
from db.features import FOLDER
from db.pending import pending
from db.records import Counts, DiskUsage, FileState, GenerationInfo
from db.tally import tally
from db.thumbnails import ThumbnailCache

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection


def count(conn: Connection, generation: GenerationInfo | None) -> Counts:
    """All counts; `indexed` is of this generation."""
    known = tally(conn)
    live, states = known.pictures, known.files
    indexed = 0 if generation is None else generation.live_rows
    return Counts(
        pictures=live,
        indexed=indexed,
        waiting=live - indexed + pending(conn),
        files=states[FileState.PRESENT] + states[FileState.OFFLINE],
        offline=states[FileState.OFFLINE],
        missing=states[FileState.MISSING],
        problems=conn.exec_driver_sql("SELECT count(*) FROM file WHERE problem_kind IS NOT NULL").scalar_one(),
        ignored=states[FileState.IGNORED],
        forgotten=states[FileState.FORGOTTEN],
    )


def problems(conn: Connection) -> list[Problem]:
    """Every file whose last reading failed, by path."""
    found = conn.exec_driver_sql(
        "SELECT path, problem_kind, problem_reason FROM file WHERE problem_kind IS NOT NULL ORDER BY path"
    )
    return [Problem(row.path, ProblemKind(row.problem_kind), row.problem_reason) for row in found]


def disk_usage(folder: Path) -> DiskUsage:
    """Bytes on disk, by what they are for."""
    spaces = folder / "spaces"
    return DiskUsage(
        database=_bytes(folder, f"{DATABASE}*"),
        vectors=_bytes(spaces, "*/*/vectors.*"),
        indexes=_bytes(spaces, "*/*/index.*"),
        columns=_bytes(spaces, "*/*/columns.*"),
        thumbnails=ThumbnailCache(folder, max_bytes=0).used_bytes(),  # there may be 100,000
        features=_bytes(folder / FOLDER, "**/*"),
    )


def search_bytes(folder: Path) -> dict[str, int]:
    """Of those, what search goes by: few files, however many pictures there are."""
    spaces = folder / "spaces"
    return {name: _bytes(spaces, f"*/*/{name}.*") for name in ("vectors", "index", "columns")}


def _bytes(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file())
