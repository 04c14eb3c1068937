"""Indexing runs for tests: pictures to index, one call to do it, and what a library holds afterwards."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.indexing import IndexReport, IndexRequest, Progress, RootOptions
from core.paths import absolute
from core.queries import Filters
from db import open_reader, open_writer
from indexer import index_folders
from tests.fakes import FakeEncoder


def picture(path: Path, seed: int, *, size: tuple[int, int] = (48, 40), quality: int = 90) -> Path:
    """A small picture that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    options = {"quality": quality} if path.suffix.lower() in {".jpg", ".jpeg"} else {}
    Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(path, **options)
    return path


def album(folder: Path, count: int, *, first_seed: int = 0, suffix: str = ".jpg") -> list[Path]:
    """`count` different pictures."""
    return [picture(folder / f"{i:04d}{suffix}", first_seed + i) for i in range(count)]


def ignore_progress(progress: Progress) -> None:
    """A listener that does not listen."""


def index(
    library: Path,
    *paths: Path | bytes,
    encoder: FakeEncoder | None = None,
    options: RootOptions | None = None,
    prune: bool = False,
    batch_size: int = 8,
    listener=ignore_progress,
    exact_below: int = 50_000,
    neutral_texts=(),
) -> IndexReport:
    """One run, with one space."""
    encoder = encoder or FakeEncoder()
    request = IndexRequest(
        paths=tuple(path if isinstance(path, bytes) else absolute(path) for path in paths),
        options=options,
        batch_size=batch_size,
        workers=2,
        prune=prune,
    )
    with open_writer(library, command="index") as writer:
        space = writer.use_space(encoder.info)
        return index_folders(
            writer,
            [(space, encoder)],
            request,
            listener,
            exact_below=exact_below,
            neutral_texts=neutral_texts,
        )


def accounted(report: IndexReport) -> int:
    """How many candidate files the counts of a report speak of: each is in exactly one of them."""
    return report.added + report.changed + report.moved + report.unchanged + report.skipped + report.ignored


@dataclass(frozen=True)
class Held:
    """What a library answers for one findable path."""

    content: bytes
    vector: np.ndarray


def held(library: Path) -> dict[bytes, Held]:
    """Every findable path, with its content hash and its vector."""
    with open_reader(library) as reader:
        space = reader.active_space()
        rows = np.array(sorted({row.row for row in reader.export_rows(space)}), np.int64)
        vectors = reader.vectors(space, rows)
        found = {}
        for shown, vector in zip(reader.pictures(space, rows), vectors, strict=True):
            for path in (shown.path, *shown.other_paths):
                found[path] = Held(shown.content_hash, vector)
        return found


def names(library: Path, folder: Path) -> list[str]:
    """Every findable path, relative to a folder."""
    start = absolute(folder) + b"/"
    return sorted(path.removeprefix(start).decode("utf-8", "backslashreplace") for path in held(library))


def top(library: Path, query: np.ndarray, k: int = 5) -> list[bytes]:
    """The paths that answer a query vector, best first; the score breaks no ties between copies."""
    with open_reader(library) as reader:
        space = reader.active_space()
        mask, _ = reader.allowed_rows(space, Filters())
        found = reader.search(space, query, k, mask)
        return [shown.content_hash for shown in reader.pictures(space, found.rows)]


def listing(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Mode, size, mtime and content of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (stat.st_mode, stat.st_size if path.is_file() else 0, stat.st_mtime_ns, digest)
    return found
