"""The vector file of one generation: a header page, then raw float16 rows whose number is the vector's id.

Append-only. Which rows count is not decided here: SQLite knows how many are committed, this file only promises that
what `append` returned from is on the disk. Checksums are in `blocks`.

Layout: 4,096 bytes of header (magic, one line of JSON, zeros), then row r at 4096 + r · dim · 2, little endian.
"""

import json
import os
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path
from typing import Self

import numpy as np

from core.arrays import HalfRows
from core.errors import LibraryDamaged, LibraryError
from db.vectors.storage import storage_errors, sync_folder

HEADER_BYTES = 4096  # a page, so that the rows of a memory-mapped file start on one
_MAGIC = b"search vectors 1\n"
_DISK = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class RowsHeader:
    """What a vector file says about itself, so that one from elsewhere is never taken for ours."""

    dim: int
    space: str  # the space's identity (EncoderInfo.identity)
    generation: int

    def page(self) -> bytes:
        """The header page, 4,096 bytes."""
        line = json.dumps({**asdict(self), "dtype": "float16"}, sort_keys=True).encode() + b"\n"
        return (_MAGIC + line).ljust(HEADER_BYTES, b"\0")


class RowsFile:
    """One vector file; holds nothing open, so there is nothing to close.

    Args:
        path: the file, which exists; use `create` or `open`.
        header: what its header page was found to say.
    """

    def __init__(self, path: Path, header: RowsHeader) -> None:
        self.path = path
        self.header = header
        self._row_bytes = header.dim * _DISK.itemsize

    @classmethod
    def create(cls, path: Path, header: RowsHeader) -> Self:
        """A new file without rows, on disk with its name when this returns.

        Replaces what is at `path`: call it only for a generation of which SQLite holds no rows yet, where a file
        can only be what a crash left over.

        Raises:
            StorageFull: no space; nothing is left behind under this name.
        """
        fresh = path.with_name(path.name + ".tmp")
        with storage_errors(path):
            with fresh.open("wb") as file:
                file.write(header.page())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            sync_folder(path.parent)
        return cls(path, header)

    @classmethod
    def open(cls, path: Path, header: RowsHeader) -> Self:
        """The file at `path`, if it is the one that `header` describes.

        Raises:
            LibraryDamaged: it is missing, no vector file, or another space's, dimension's or generation's.
            LibraryError: it is there and cannot be read; it may be whole, so that nobody should mend it.
        """
        try:
            with path.open("rb") as file:
                page = file.read(HEADER_BYTES)
        except FileNotFoundError as error:
            raise LibraryDamaged(f"the vectors at {path} are missing: run `search doctor`") from error
        except OSError as error:
            raise LibraryError(
                f"the vectors at {path} cannot be read ({error.strerror}): check the disk and the file's permissions"
            ) from error
        if page != header.page():
            raise LibraryDamaged(
                f"{path} is not this library's vector file ({_difference(page, header)}): run `search doctor`"
            )
        return cls(path, header)

    @property
    def dim(self) -> int:
        """Numbers per row."""
        return self.header.dim

    @property
    def rows_on_disk(self) -> int:
        """Whole rows in the file, committed or not; a torn one at the end does not count. 0 where the file is gone."""
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return 0
        return max(0, size - HEADER_BYTES) // self._row_bytes

    def append(self, rows: HalfRows) -> int:
        """Writes rows behind those on disk and flushes them; all of them are there, or none.

        Bytes of rows that were never committed must be gone by then (`truncate`), or these come after them.

        Args:
            rows: float16 (n, dim).

        Returns:
            The number of the first one.

        Raises:
            StorageFull: what was written of them is cut off again.
        """
        if rows.ndim != 2 or rows.shape[1] != self.dim or rows.dtype != np.float16:
            raise ValueError(f"expected float16 (n, {self.dim}), got {rows.dtype} {rows.shape}")
        first = self.rows_on_disk
        end = self._offset(first)
        with storage_errors(self.path), self.path.open("r+b", buffering=0) as file:
            try:
                file.seek(end)
                _write_all(file, np.ascontiguousarray(rows, _DISK).reshape(-1).data.cast("B"))
                os.fsync(file.fileno())
            except BaseException:  # an interrupt, too, must not leave half a batch
                file.truncate(end)
                raise
        return first

    def truncate(self, rows: int) -> None:
        """Cuts the file to its first `rows` rows: what follows them was never committed.

        Raises:
            LibraryDamaged: it holds fewer.
        """
        self._require(rows)
        if self.path.stat().st_size > self._offset(rows):
            with storage_errors(self.path), self.path.open("r+b", buffering=0) as file:
                file.truncate(self._offset(rows))
                os.fsync(file.fileno())

    def view(self, rows: int) -> HalfRows:
        """The first `rows` rows as read-only float16 (rows, dim), memory-mapped: rows appended later are not in it.

        Raises:
            LibraryDamaged: the file holds fewer.
        """
        self._require(rows)
        if rows == 0:
            return np.empty((0, self.dim), np.float16)
        mapped = np.memmap(self.path, _DISK, mode="r", offset=HEADER_BYTES, shape=(rows, self.dim))
        return np.asarray(mapped)  # a plain array over the same pages: every slice of a memmap takes twice as long

    def _offset(self, row: int) -> int:
        return HEADER_BYTES + row * self._row_bytes

    def _require(self, rows: int) -> None:
        held = self.rows_on_disk
        if held < rows:
            raise LibraryDamaged(
                f"{self.path} holds {held:,} vectors where {rows:,} were committed: run `search doctor --fix`"
            )


def _write_all(file: FileIO, data: memoryview) -> None:
    """An unbuffered write may be short, on a nearly full disk for one."""
    while data:
        data = data[file.write(data) :]


def _difference(page: bytes, wanted: RowsHeader) -> str:
    """Why a header page is not the wanted one, for the error's message."""
    if not page.startswith(_MAGIC):
        return "it does not begin like one"
    try:
        said = json.loads(page[len(_MAGIC) :].split(b"\n", 1)[0])
        differing = [
            f"{name} {said[name]}, expected {value}" for name, value in asdict(wanted).items() if said[name] != value
        ]
    except (ValueError, KeyError, TypeError):
        return "its header is damaged"
    return "; ".join(differing) or "its header is damaged"
