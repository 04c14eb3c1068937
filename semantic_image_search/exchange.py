"""Vectors in and out: what `search vectors import` and `export` do, in the layout of clip-retrieval.

    OUT/img_emb/img_emb_0.npy            float16 (n, dim)
    OUT/metadata/metadata_0.parquet      image_path, image_path_bytes, caption, image_id; row i belongs to vector i

Files are numbered; each holds at most 100,000 rows, so that memory stays bounded.
"""

from __future__ import annotations

import os
import time
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from core.disk import is_full
from core.errors import ProblemKind, StorageFull, UsageError
from core.indexing import IndexReport, Problem, Progress
from core.paths import absolute
from db import open_reader, open_writer
from db.records import ImportedRow
from indexer import default_workers
from media import DecodeJob, DecodeLimits, DecodePool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Vectors
    from core.indexing import ProgressListener
    from db.records import ExportRow
    from media import DecodeOutcome

T = TypeVar("T")

BATCH = 1000  # pictures committed at once
ROWS_PER_FILE = 100_000  # 200 MB of float32 at 512 dimensions while they are written


def import_vectors(  # noqa: PLR0913 - options by keyword
    library: Path,
    vectors: Path,
    paths: Path,
    *,
    model: str,
    exact_below: int,
    recall: float | None = None,
    workers: int = 0,
    listener: ProgressListener,
) -> IndexReport:
    """Take in recorded vectors with their paths; files that can be read get their facts, too.

    Args:
        library: its folder; made where there is none.
        vectors: .npy, float (n, dim), any length but zero.
        paths: n lines of text, or a .parquet with a column `image_path`; relative ones are seen from here.
        model: the name of the model that made them.
        exact_below: rows under which no index is built.
        recall: what an index should reach (recall@10); None: what it aims at already.
        workers: processes that read the files; 0: one per core, at most 32.
        listener: hears the progress.

    Raises:
        UsageError: a file cannot be read, or the two do not fit each other.
        WrongModel: the library holds vectors of another model.
    """
    started = time.monotonic()
    rows, names = _load_rows(vectors), _load_paths(paths)
    if len(rows) != len(names):
        raise UsageError(f"{vectors} has {len(rows):,} rows and {paths} names {len(names):,} files: they must be equal")
    tally = _Tally()
    with open_writer(library, command="vectors import") as writer:
        space = writer.use_imported_space(model, int(rows.shape[1]))
        writer.start_run("vectors import")
        for batch in _batches(_imported(rows, names, tally, workers or default_workers()), BATCH):
            writer.import_rows(space, batch)
            tally.embedded += len(batch)
            listener(Progress("index", tally.embedded + len(tally.problems), len(names), len(tally.problems)))
        writer.refresh_derived(space, exact_below=exact_below, recall=recall)
        writer.finish_run({"added": tally.embedded, "skipped": len(tally.problems)})
    return tally.report(time.monotonic() - started, model)


class _Tally:
    """What an import has done so far."""

    def __init__(self) -> None:
        self.embedded = 0
        self.problems: list[Problem] = []

    def report(self, seconds: float, model: str) -> IndexReport:
        return IndexReport(
            added=self.embedded,
            skipped=len(self.problems),
            embedded=self.embedded,
            seconds=seconds,
            pictures_per_second=self.embedded / max(seconds, 1e-9),
            model=model,
            problems=tuple(self.problems),
        )


def _load_rows(path: Path) -> NDArray[np.floating]:
    try:
        rows = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:  # numpy's own words advise to load what it takes for a pickle
        raise UsageError(f"{path} is not a whole file of numbers in numpy's .npy format") from error
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or not np.issubdtype(rows.dtype, np.floating):
        shape = getattr(rows, "shape", None)
        raise UsageError(f"{path}: expected float (n, dim), got {getattr(rows, 'dtype', type(rows).__name__)} {shape}")
    return rows


def _load_paths(path: Path) -> Sequence[bytes]:
    try:
        if path.suffix == ".parquet":
            return _paths_of_parquet(path)
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    while lines and not lines[-1]:
        lines.pop()
    return [absolute(line.rstrip(b"\r")) for line in lines]


def _paths_of_parquet(path: Path) -> list[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
        wanted = "image_path_bytes" if "image_path_bytes" in names else "image_path"
        column = pq.read_table(path, columns=[wanted]).column(wanted)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise UsageError(f"{path} has no readable column image_path: {str(error).splitlines()[0]}") from error
    return [absolute(value) for value in column.to_pylist()]


def _imported(rows: NDArray[np.floating], names: Sequence[bytes], tally: _Tally, workers: int) -> Iterator[ImportedRow]:
    """Each row with what its file says; rows that are no direction become problems."""
    jobs = (DecodeJob(path, None, number) for number, path in enumerate(names))
    with DecodePool(targets=(), limits=DecodeLimits(), workers=workers) as pool:
        for outcome in pool.run(jobs):
            number = outcome.job.tag
            if not isinstance(number, int):  # the tags are ours
                raise TypeError(number)
            vector = _unit(rows[number])
            if vector is None:
                tally.problems.append(_no_direction(outcome.job.path, number))
            else:
                yield _row_of(outcome, vector)


def _unit(row: NDArray[np.floating]) -> Vectors | None:
    """The row as float32 (dim,) of unit length; None where it has no direction."""
    exact = np.asarray(row, np.float64)
    length = float(np.linalg.norm(exact))
    if not np.isfinite(length) or length == 0.0:
        return None
    return np.asarray(exact / length, np.float32)


def _no_direction(path: bytes, number: int) -> Problem:
    return Problem(path, ProblemKind.BROKEN, f"row {number:,} of the vectors is zero or not finite")


def _row_of(outcome: DecodeOutcome, vector: Vectors) -> ImportedRow:
    path, picture = outcome.job.path, outcome.picture
    try:
        stat = os.stat(path)  # noqa: PTH116 - bytes
    except OSError:
        return ImportedRow(path, vector)
    if picture is None:
        return ImportedRow(path, vector, stat.st_size, stat.st_mtime_ns)
    return ImportedRow(path, vector, stat.st_size, stat.st_mtime_ns, picture.content_hash, picture.facts)


def export_vectors(library: Path, out: Path) -> int:
    """Write every findable vector with its path below `out`; says how many.

    Raises:
        LibraryNotFound: there is nothing to export.
        UsageError: `out` holds an export already, or cannot be written.
        StorageFull: no space left.
    """
    if any((out / part).exists() for part in ("img_emb", "metadata")):
        raise UsageError(f"{out} holds an export already: name another folder")
    with open_reader(library) as reader:
        space = reader.active_space()
        written = 0
        try:
            for part, rows in enumerate(_batches(reader.export_rows(space), ROWS_PER_FILE)):
                numbers = np.array([row.row for row in rows], np.int64)
                _write_part(out, part, rows, reader.vectors(space, numbers))
                written += len(rows)
        except OSError as error:
            kind = StorageFull if is_full(error) else UsageError
            raise kind(f"the export to {out} stopped after {written:,} vectors: {error.strerror}") from error
    return written


def _write_part(out: Path, part: int, rows: Sequence[ExportRow], vectors: Vectors) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for folder in ("img_emb", "metadata"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    np.save(out / "img_emb" / f"img_emb_{part}.npy", vectors.astype(np.float16))
    table = pa.table(
        {
            "image_path": [row.path.decode("utf-8", "replace") for row in rows],
            "image_path_bytes": pa.array([row.path for row in rows], pa.binary()),  # exact, also where not UTF-8
            "caption": [row.caption for row in rows],
            "image_id": [row.image_id for row in rows],
        }
    )
    pq.write_table(table, out / "metadata" / f"metadata_{part}.parquet")


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
