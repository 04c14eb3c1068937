"""`search optimize` put together: the one writer, every space, and a report of what changed."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, LibraryTooOld
from core.optimizing import IndexFacts, OptimizeReport, RowsReport
from core.recall import check_recall
from db import open_reader, open_writer
from db.records import SpaceState
from indexer.interrupts import Interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.indexing import ProgressListener
    from core.models import Device, VectorKind
    from db import LibraryWriter
    from db.records import GenerationInfo, SpaceInfo
    from semantic_image_search.library.opened import OpenedLibrary


def optimize_library(
    library: OpenedLibrary, *, recall: float | None, device: Device, wait_s: float, listener: ProgressListener
) -> OptimizeReport:
    """Carry it out; see `Library.optimize`."""
    check_recall(recall)
    started = time.monotonic()
    with suppress(LibraryTooOld), open_reader(library.path):  # there must be a library; the writer brings it up to date
        pass
    with open_writer(library.path, command="optimize", wait_s=wait_s) as writer, Interrupts().handled() as interrupts:
        spaces = _in_use(writer)
        if not spaces:
            raise LibraryNotFound(f"nothing is indexed yet in {library.path}: run `search index FOLDER`")
        before = _bytes(library.path)
        parts: list[RowsReport] = []
        for space in spaces:
            work = _Space(writer, space)
            work.optimize(library, recall, device, interrupts.checked(listener))
            parts += work.report()
        return OptimizeReport(
            parts=tuple(parts),
            exact_below=library.settings.exact_below,
            seconds=time.monotonic() - started,
            bytes_before=before,
            bytes_after=_bytes(library.path),
        )


class _Space:
    """One space's rows, before and after."""

    def __init__(self, writer: LibraryWriter, space: SpaceInfo) -> None:
        self._writer = writer
        self._space = space
        self._before = {rows.kind: self._facts(rows) for rows in writer.generations(space)}
        self._gone: dict[VectorKind, int] = {}

    def optimize(
        self, library: OpenedLibrary, recall: float | None, device: Device, listener: ProgressListener
    ) -> None:
        settings = library.settings
        self._gone = self._writer.optimize(
            self._space,
            exact_below=settings.exact_below,
            recall=settings.asked_recall if recall is None else recall,
            device=device,
            on_progress=listener,
        )

    def report(self) -> Iterator[RowsReport]:
        for rows in self._writer.generations(self._space):
            yield RowsReport(
                model=self._space.name,
                kind=rows.kind.value,
                rows=rows.live_rows,
                compacted=self._gone[rows.kind],
                before=self._before[rows.kind],
                after=self._facts(rows),
            )

    def _facts(self, rows: GenerationInfo) -> IndexFacts | None:
        index = rows.index
        if index is None:
            return None
        files = (self._writer.path / "spaces" / self._space.slug).glob(f"*/{index.file}")
        return IndexFacts(
            structure=index.structure,
            rows=index.built_rows,
            recall_image=index.recall_image,
            recall_text=index.recall_text,
            target=index.target,
            size_bytes=sum(path.stat().st_size for path in files),
            built_on=index.built_on,
        )


def _in_use(writer: LibraryWriter) -> list[SpaceInfo]:
    """The space that answers first, then one that is being built."""
    return sorted((one for one in writer.spaces() if one.state is not SpaceState.RETIRED), key=lambda one: one.state)


def _bytes(folder: Path) -> int:
    """Of the rows and of what is derived from them."""
    return sum(path.stat().st_size for path in (folder / "spaces").glob("*/*/*") if path.is_file())
