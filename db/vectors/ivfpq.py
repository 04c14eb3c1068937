"""The IVF-PQ index over rows [0, built_rows): its file, and the candidates it finds.

It finds, it does not decide: candidates are to be scored exactly by others. Nothing is ever removed from it (fast-scan
structures corrupt ids that are added again after `remove_ids`); rows that must not be found are masked.

The file is a faiss index (IndexPreTransform: a rotation, then IVF), behind it the mean cosine of each list, float32
(lists,), and behind that the lists themselves where they are of 4-bit codes: those are searched in the file
(`lists_file`). Lists of 8-bit codes, for GPUs, are in the faiss index, as in files of the first versions.
"""

import itertools
import os
import zlib
from contextlib import nullcontext
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from core.errors import LibraryDamaged
from db.vectors.allowed import NARROW, NOT_PROBED, Allowed, ListOfRow
from db.vectors.engine import load_faiss, selector
from db.vectors.lists import Lists, best
from db.vectors.lists_file import WithoutLists, in_blocks, read_lists, sizes_of, write_lists
from db.vectors.mapped_file import MappedFile
from db.vectors.records import Approach, IndexRecord, Probing
from db.vectors.storage import storage_errors, sync_folder

_READ_BYTES = 1 << 20
_MEAN = np.dtype("<f4")
_ONE_QUERY = 11  # faiss's way through 4-bit lists that is made for one query: a quarter less time than its own choice


class IvfPq:
    """A trained faiss index, in memory. Searching it is safe from several threads at once.

    Args:
        index: IndexPreTransform of one linear transform and an IVF index with a flat quantizer.
        mean: float32 (lists,), the mean cosine of each list's rows with its centroid.
    """

    def __init__(self, index: Any, mean: NDArray[np.float32]) -> None:  # noqa: ANN401 - faiss ships no types
        faiss = load_faiss()
        self.index = index
        self.ivf: Any = faiss.downcast_index(index.index)
        if hasattr(self.ivf, "implem"):
            self.ivf.implem = _ONE_QUERY
        turn = faiss.downcast_VectorTransform(index.chain.at(0))
        self._rotation = faiss.vector_to_array(turn.A).reshape(turn.d_out, turn.d_in)
        self.dim: int = index.d
        self.rows: int = index.ntotal
        self.lists: int = self.ivf.nlist
        self.known = Lists.of(_centroids(self.ivf), mean)
        self.mapped: MappedFile | None = None

    @property
    def holds(self) -> bool:
        """Whether it can be searched: a file that was cut short while its lists are searched in it would be fatal."""
        return self.mapped is None or self.mapped.holds()

    @property
    def list_sizes(self) -> RowNumbers:
        """Rows in each list, int64 (lists,)."""
        return sizes_of(self.ivf.invlists)

    def rotated(self, vectors: Vectors) -> Vectors:
        """float32 (n, dim) as the lists and codes see them, (n, wide)."""
        turned: Vectors = np.ascontiguousarray(vectors, np.float32) @ self._rotation.T
        return turned

    def assign(self, vectors: Vectors) -> tuple[RowNumbers, NDArray[np.float32]]:
        """The list of each vector, float32 (n, dim), and the cosine with its centroid."""
        cosines, lists = self.ivf.quantizer.search(self.rotated(vectors), 1)
        return lists[:, 0], cosines[:, 0]

    def candidates(self, query: Vectors, how: Approach, *, allowed: Allowed | None = None) -> RowNumbers:
        """Rows that are probably near, best first as the codes see it: int64 (n,), n at most the candidates wanted.

        Args:
            query: float32 (dim,), unit length.
            how: of its kind is decided here.
            allowed: which rows may be found; None: every one.
        """
        turned = self.rotated(query)
        cosines = self.known.cosines(turned)
        probing = how.probing(float(cosines.max()))
        if allowed is not None and allowed.count < NARROW * self.rows:
            lists = allowed.lists(*self._layout)
            probing = lists.probing(how, cosines)
            cosines[lists.empty] = NOT_PROBED
        mask = None if allowed is None else allowed.mask[: self.rows]
        return self.probe(turned, cosines, probing, reach=how.reach, doubt=how.doubt, mask=mask)

    def probe(
        self,
        turned: Vectors,
        cosines: NDArray[np.float32],
        probing: Probing,
        *,
        reach: float,
        doubt: float,
        mask: RowMask | None,
    ) -> RowNumbers:
        """As `candidates`, for a query that is rotated already and whose cosines with the centroids are known."""
        faiss = load_faiss()
        lists = best(self.known.promise(cosines, reach), probing.nprobe)
        lists = np.sort(lists[cosines[lists] > NOT_PROBED])  # as they lie in the file
        scores = cosines[lists] + np.float32(doubt) * self.known.spread[lists]
        options: dict[str, Any] = {"nprobe": len(lists)}
        if mask is not None:
            options["sel"] = selector(mask)
        count = min(probing.candidates, self.rows)
        said, rows = np.empty(count, np.float32), np.empty(count, np.int64)
        self.ivf.search_preassigned_c(
            1, faiss.swig_ptr(turned), count, faiss.swig_ptr(lists), faiss.swig_ptr(scores),
            faiss.swig_ptr(said), faiss.swig_ptr(rows), False, faiss.SearchParametersIVF(**options),
        )  # fmt: skip
        return rows[rows >= 0]

    @cached_property
    def _layout(self) -> tuple[ListOfRow, RowNumbers]:
        """The list of each row (two bytes for each, from the first narrow mask on), and the rows in each list."""
        list_of_row: ListOfRow = np.zeros(self.rows, np.uint16 if self.lists <= 1 << 16 else np.uint32)
        faiss, inverted, sizes = load_faiss(), self.ivf.invlists, self.list_sizes
        for number in np.flatnonzero(sizes).tolist():
            list_of_row[faiss.rev_swig_ptr(inverted.get_ids(number), int(sizes[number]))] = number
        return list_of_row, sizes

    def save(self, folder: Path, generation: int) -> tuple[str, str]:
        """Writes it to `folder` so that it is there whole or not at all; returns the file's name and digest.

        Not for one that is searched in its file. The name holds the checksum: an index never replaces another one's
        file, so that readers of an older snapshot find what their record promises until it is cleared away.

        Raises:
            StorageFull: no space; nothing but a `.tmp` file may be left.
            LibraryError: the system refused.
        """
        fresh = folder / f"index.{generation}.faiss.tmp"
        with storage_errors(fresh):
            with fresh.open("wb", buffering=_READ_BYTES) as file:
                self._write(file)
                file.flush()
                os.fsync(file.fileno())
            digest = _digest(fresh)
            name = _free_name(folder, f"index.{generation}.{digest}")
            fresh.replace(folder / name)
            sync_folder(folder)
        return name, digest

    def _write(self, file: BinaryIO) -> None:
        faiss, mean = load_faiss(), self.known.mean.astype(_MEAN).tobytes()
        laid_out = in_blocks(self.ivf)
        with WithoutLists(self.ivf) if laid_out else nullcontext():
            faiss.write_index(self.index, faiss.PyCallbackIOWriter(file.write))
        file.write(mean)
        if laid_out:
            write_lists(file, self.ivf)


def open_index(folder: Path, record: IndexRecord, rows: HalfRows, *, mapped: bool = True) -> IvfPq:
    """Opens the index that `record` describes.

    Args:
        folder: the space's folder.
        record: from SQLite.
        rows: float16 (committed rows, dim), what it has to fit.
        mapped: searched in its file; False: read into memory, so that rows can be added.

    Raises:
        LibraryDamaged: the file is missing, was changed, is over more rows or another dimension, or an earlier version
            of `search` made it.
    """
    path = folder / record.file
    try:
        if _digest(path) != record.digest:  # faiss notices truncated files, not flipped bits
            raise LibraryDamaged(f"the index {path} is damaged")
        with path.open("rb") as file:
            index = _read(file, mapped=mapped)
    except OSError as error:
        raise LibraryDamaged(f"the index {path} cannot be read ({error.strerror})") from error
    except (RuntimeError, AttributeError, ValueError) as error:  # faiss's own; and an index of another structure
        raise LibraryDamaged(f"the index {path} is not one that this version reads") from error
    committed, dim = rows.shape
    if index.rows != record.built_rows or index.rows > committed or index.dim != dim:
        raise LibraryDamaged(
            f"the index {path} ({index.rows:,} × {index.dim}) is not over these rows ({committed:,} × {dim})"
        )
    return index


def _centroids(ivf: Any) -> Vectors:  # noqa: ANN401 - faiss ships no types
    """float32 (lists, wide) where faiss has them: no copy of 8 MB at a million rows. Lives as long as the index."""
    flat = load_faiss().downcast_index(ivf.quantizer)
    numbers: Vectors = load_faiss().rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d)
    return numbers.reshape(flat.ntotal, flat.d)


def _read(file: BufferedReader, *, mapped: bool) -> IvfPq:
    """Raises ValueError where what follows the faiss index is not what belongs there."""
    faiss = load_faiss()
    index = faiss.read_index(faiss.PyCallbackIOReader(file.read))
    ivf = faiss.downcast_index(index.index)
    mean = np.frombuffer(file.read(_MEAN.itemsize * ivf.nlist), _MEAN).astype(np.float32)
    if len(mean) != ivf.nlist:
        raise ValueError(f"expected {ivf.nlist} means behind the index, got {len(mean)}")
    if file.peek(1):
        read_lists(file, ivf, mapped=mapped)
    opened = IvfPq(index, mean)
    opened.mapped = MappedFile.of(file)
    return opened


def _free_name(folder: Path, stem: str) -> str:
    """What the file is called; a folder of that name cannot be replaced by a file, and is not ours to remove."""
    names = (f"{stem}.{number}.faiss" for number in itertools.count(2))
    return next(name for name in itertools.chain([f"{stem}.faiss"], names) if not (folder / name).is_dir())


def _digest(path: Path) -> str:
    """crc32 and size of a file: 0.05 s per 100 MB, and any flipped bit shows."""
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            crc = zlib.crc32(block, crc)
            size += len(block)
    return f"{crc:08x}-{size:x}"
