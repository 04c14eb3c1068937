"""Search over the committed rows of one vector file: the index where there is a sound one, exact search elsewhere.

What is found never depends on the index being right: a damaged one is bypassed, rows newer than it are searched
exactly, and every score is exact. Leaves to others: which rows may be found (a mask), and what a row stands for.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from core.errors import LibraryDamaged
from core.models import Device
from core.notices import notice
from db.vectors.allowed import Allowed, KnownMasks
from db.vectors.engine import one_thread
from db.vectors.exact import Found, best_of, cosines_of, exact_search, nearest, nearest_of, ranked
from db.vectors.gpu import find_cuda, gpu_errors
from db.vectors.gpu_batch import find_numbers, hold_on_gpus
from db.vectors.gpu_search import OnGpus
from db.vectors.ivfpq import IvfPq, open_index
from db.vectors.policy import approach
from db.vectors.records import Approach, Candidates, IndexRecord, Probing
from db.vectors.rows_file import RowsFile


class RowSearcher:
    """The rows of one snapshot, ready to be searched; the index is read when it is first needed.

    Args:
        rows_file: the generation's vectors.
        committed_rows: how many of them SQLite knows.
        record: the generation's index, None where there is none.
        folder: the space's folder.
        foreign: there is an index, but nobody here can tell what its record says.

    Raises:
        LibraryDamaged: the file holds fewer rows than were committed.
    """

    def __init__(
        self,
        rows_file: RowsFile,
        committed_rows: int,
        record: IndexRecord | None,
        folder: Path,
        *,
        foreign: bool = False,
    ) -> None:
        self._rows = rows_file.view(committed_rows)
        self._record = record
        self._folder = folder
        self._foreign = foreign
        self._masks = KnownMasks()
        self._held: OnGpus | None = None

    @property
    def notice(self) -> str | None:
        """Why the index is not used, in one line; None where it is used or there is none. Reads the index."""
        return self._opened[1]

    def search(self, query: Vectors, k: int, *, mask: RowMask | None = None, sure: int | None = None) -> Candidates:
        """The best `k` of the rows that may be found, best first; fewer only where fewer may be found.

        Args:
            query: float32 (dim,), unit length.
            k: how many.
            mask: bool (committed rows,), True for each row that may be found; None is all of them.
            sure: for how many of the best the promised recall has to hold; the others are what was met on the way.
                None: for all.
        """
        self._check(query, mask)
        query = np.ascontiguousarray(query, np.float32)
        allowed = None if mask is None else self._masks.of(mask)
        k = min(k, len(self._rows) if allowed is None else allowed.count)
        if k <= 0:
            return Candidates(rows=np.empty(0, np.int64), scores=np.empty(0, np.float32))
        how = self._how(k, k if sure is None else min(sure, k), allowed)
        if how is not None and (index := self._opened[0]) is not None:
            found = self._through(index, how, query, k, allowed)
            if len(found[1]) >= k:
                return ranked(self._rows, query, found[1], k)
        if allowed is None:
            return exact_search(self._rows, query, k)
        return ranked(self._rows, query, allowed.nearest(self._rows, query, k)[1], k)

    def search_many(
        self, queries: Vectors, k: int, *, mask: RowMask | None = None, device: Device = Device.AUTO
    ) -> list[Candidates]:
        """As `search` for each of many queries, float32 (m, dim), by all of the CPU's cores, or by all GPUs.

        Args:
            queries: float32 (m, dim), unit rows.
            k: how many for each.
            mask: as `search`.
            device: `cuda` hands the rows to the GPUs, once, and keeps them there; `auto` is the CPU.

        Raises:
            DeviceError: `cuda` was asked for, and is not there, too small, or gave up.
        """
        if mask is not None:
            mask = mask.view()
            mask.flags.writeable = False  # what follows from it is worked out once, not for each query
        held = self._on_gpus(device)
        numbers: list[RowNumbers | None] = [None] * len(queries)
        if held is not None and len(queries):
            with gpu_errors():
                numbers = self._numbers(held, np.ascontiguousarray(queries, np.float32), k, mask)
        _ = self._opened  # once, before there are threads

        def answer(query: Vectors, found: RowNumbers | None) -> Candidates:
            if found is None or held is None:
                return self.search(query, k, mask=mask)
            return ranked(self._rows, query, self._scored(query, found, held.rows, k, mask)[1], k)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            return list(threads.map(answer, queries, numbers))

    def search_exactly(self, query: Vectors, k: int, *, mask: RowMask | None = None) -> Candidates:
        """As `search`, past the index where there is one: what its answers are measured against."""
        self._check(query, mask)
        return exact_search(self._rows, np.ascontiguousarray(query, np.float32), k, mask=mask)

    def vectors(self, rows: RowNumbers) -> Vectors:
        """These rows as float32 (n, dim), in the order asked for.

        Raises:
            IndexError: a number is not one of a committed row.
        """
        if len(rows) and int(rows.min()) < 0:
            raise IndexError(f"row {int(rows.min())}: row numbers begin at 0")
        return np.take(self._rows, rows, axis=0).astype(np.float32)

    def cosines(self, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
        """Of the query, float32 (dim,), with each of these rows: float32 (n,).

        Raises:
            IndexError: a number is not one of a committed row.
        """
        if len(rows) and int(rows.min()) < 0:
            raise IndexError(f"row {int(rows.min())}: row numbers begin at 0")
        return cosines_of(self._rows, np.ascontiguousarray(query, np.float32), rows)

    def share_index(self, other: "RowSearcher") -> None:
        """Use the index that `other` has read already, where it is the same one."""
        index = other.__dict__.get("_opened", (None,))[0]
        if self._record == other._record and index is not None and index.holds:
            self.__dict__["_opened"] = other._opened

    @property
    def index_holds(self) -> bool:
        """Whether the index, where it was opened, can still be searched."""
        index = self.__dict__.get("_opened", (None,))[0]
        return index is None or bool(index.holds)

    @cached_property
    def _opened(self) -> tuple[IvfPq | None, str | None]:
        """The index, or why it is not used."""
        if self._foreign:
            return None, _bypassed(f"another version of search built the index in {self._folder}")
        if self._record is None:
            return None, None
        try:
            return open_index(self._folder, self._record, self._rows), None
        except LibraryDamaged as error:
            return None, _bypassed(str(error))

    def _how(self, k: int, sure: int, allowed: Allowed | None) -> Approach | None:
        if self._record is None:
            return None
        how = approach(self._record, k=sure, allowed=allowed, dim=self._rows.shape[1])
        return None if how is None else replace(how, picture=_for(k, how.picture), text=_for(k, how.text))

    def _on_gpus(self, device: Device) -> OnGpus | None:
        """What the GPUs hold; None: they are not asked."""
        cuda = None if device is Device.AUTO else find_cuda(device)
        if cuda is None:
            return None
        if self._held is None:
            index = self._opened[0]
            with gpu_errors():
                self._held = hold_on_gpus(cuda, self._rows, None if index is None else index.index, self._record)
        return self._held

    def _numbers(self, held: OnGpus, queries: Vectors, k: int, mask: RowMask | None) -> list[RowNumbers | None]:
        self._check(queries[0], mask)
        head = None if mask is None else mask[: held.rows]
        return find_numbers(held, queries, k, mask=head)

    def _through(self, index: IvfPq, how: Approach, query: Vectors, k: int, allowed: Allowed | None) -> Found:
        """The best of the index's candidates and of the tail behind it."""
        built = index.rows
        with one_thread():
            numbers = index.candidates(query, how, allowed=allowed)
        return self._scored(query, np.sort(numbers), built, k, None if allowed is None else allowed.mask)

    def _scored(self, query: Vectors, numbers: RowNumbers, built: int, k: int, mask: RowMask | None) -> Found:
        """The best of these rows, ascending, and of the tail from `built` on."""
        found = nearest_of(self._rows, query, k, numbers)
        scores, tail = nearest(self._rows[built:], query, k, mask=None if mask is None else mask[built:])
        return best_of([found, (scores, tail + built)], k)

    def _check(self, query: Vectors, mask: RowMask | None) -> None:
        if query.shape != (self._rows.shape[1],):
            raise ValueError(f"expected a query of shape ({self._rows.shape[1]},), got {query.shape}")
        if mask is not None and mask.shape != (len(self._rows),):
            raise ValueError(f"expected a mask of shape ({len(self._rows)},), got {mask.shape}")


def _bypassed(why: str) -> str:
    return notice("index_bypassed", why=why)


def _for(k: int, probing: Probing) -> Probing:
    """At least as many candidates as hits wanted."""
    return replace(probing, candidates=max(probing.candidates, k))
