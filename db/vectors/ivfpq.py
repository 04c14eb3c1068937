"""The IVF-PQ index over rows [0, built_rows): its file, and the candidates it finds.

It finds, it does not decide: candidates are to be scored exactly by others. Nothing is ever removed from it (fast-scan
structures corrupt ids that are added again after `remove_ids`); rows that must not be found are masked.
"""

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from core.errors import LibraryDamaged
from db.vectors.engine import load_faiss, selector
from db.vectors.policy import padded_dim
from db.vectors.records import IndexRecord
from db.vectors.storage import storage_errors, sync_folder

_READ_BYTES = 1 << 20


class IvfPq:
    """A trained faiss index, in memory. Searching it is safe from several threads at once."""

    def __init__(self, index: Any) -> None:  # noqa: ANN401 - faiss ships no types
        self._index = index
        self.dim: int = index.d  # the rows' own, padded with zeros to a multiple of four
        self.rows: int = index.ntotal
        self.lists: int = index.nlist

    def candidates(self, queries: Vectors, count: int, *, nprobe: int, mask: RowMask | None = None) -> RowNumbers:
        """Rows that are probably near, best first as the codes see it: int64 (m, count), -1 where there are no more.

        Args:
            queries: float32 (m, dim), unit rows.
            count: candidates per query.
            nprobe: lists probed.
            mask: bool (rows,); None lets every row be found.
        """
        faiss = load_faiss()
        wide = pad(queries, self.dim)
        options = {"nprobe": min(nprobe, self.lists)}
        if mask is not None:
            options["sel"] = selector(mask)
        _, rows = self._index.search(wide, min(count, self.rows), params=faiss.SearchParametersIVF(**options))
        found: RowNumbers = rows
        return found

    def save(self, folder: Path, generation: int) -> tuple[str, str]:
        """Writes it to `folder` so that it is there whole or not at all; returns the file's name and digest.

        The name holds the checksum: an index never replaces another one's file, so that readers of an older
        snapshot find what their record promises until it is cleared away.

        Raises:
            StorageFull: no space; nothing but a `.tmp` file may be left.
            LibraryError: the system refused.
        """
        fresh = folder / f"index.{generation}.faiss.tmp"
        with storage_errors(fresh):
            with fresh.open("wb", buffering=_READ_BYTES) as file:
                load_faiss().write_index(self._index, load_faiss().PyCallbackIOWriter(file.write))
                file.flush()
                os.fsync(file.fileno())
            digest = _digest(fresh)
            name = f"index.{generation}.{digest}.faiss"
            fresh.replace(folder / name)
            sync_folder(folder)
        return name, digest


def open_index(folder: Path, record: IndexRecord, rows: HalfRows) -> IvfPq:
    """Reads the index that `record` describes.

    Args:
        folder: the space's folder.
        record: from SQLite.
        rows: float16 (committed rows, dim), what it has to fit.

    Raises:
        LibraryDamaged: the file is missing, was changed, or is over more rows or another dimension.
    """
    path = folder / record.file
    try:
        if _digest(path) != record.digest:  # faiss notices truncated files, not flipped bits
            raise LibraryDamaged(f"the index {path} is damaged")
        with path.open("rb") as file:
            index = IvfPq(load_faiss().read_index(load_faiss().PyCallbackIOReader(file.read)))
    except OSError as error:
        raise LibraryDamaged(f"the index {path} cannot be read ({error.strerror})") from error
    except (RuntimeError, AttributeError) as error:  # faiss's own; and an index without lists, another program's
        raise LibraryDamaged(f"the index {path} is not one that this version of faiss reads") from error
    committed, dim = rows.shape
    if index.rows != record.built_rows or index.rows > committed or index.dim != padded_dim(dim):
        raise LibraryDamaged(
            f"the index {path} ({index.rows:,} × {index.dim}) is not over these rows ({committed:,} × {dim})"
        )
    return index


def index_is_sound(folder: Path, record: IndexRecord) -> bool:
    """Whether the index's file is there, byte for byte as it was built. Reads it once; faiss is not needed."""
    try:
        return _digest(folder / record.file) == record.digest
    except OSError:
        return False


def pad(vectors: Vectors, dim: int) -> Vectors:
    """float32 (n, less) to (n, dim) with zeros, which change no inner product."""
    if vectors.shape[1] == dim:
        return np.ascontiguousarray(vectors, np.float32)
    wide = np.zeros((len(vectors), dim), np.float32)
    wide[:, : vectors.shape[1]] = vectors
    return wide


def _digest(path: Path) -> str:
    """crc32 and size of a file: 0.05 s per 100 MB, and any flipped bit shows."""
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            crc = zlib.crc32(block, crc)
            size += len(block)
    return f"{crc:08x}-{size:x}"
