"""An indexing run put together: the right encoders, the one writer, the runs of `indexer`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, UsageError
from db import open_reader, open_writer
from db.records import SpaceState
from indexer import index_folders, plan_run

if TYPE_CHECKING:
    from pathlib import Path

    from core.indexing import IndexReport, IndexRequest, ProgressListener
    from db import LibraryWriter
    from semantic_image_search.library import Library


def index_library(library: Library, request: IndexRequest, *, wait_s: float, listener: ProgressListener) -> IndexReport:
    """Carry a request out; see `Library.index` for what it may raise.

    The model is looked for before anything is written: where its weights cannot be had, no library is left behind.
    """
    if not request.paths and not _has_roots(library.path):
        raise UsageError("there is nothing to refresh yet: name a folder, as in `search index ~/Pictures`")
    if request.dry_run:
        started = time.monotonic()
        plan = plan_run(library.path, request, listener)
        return plan.report(time.monotonic() - started)
    encoders = library.encoders
    first = encoders.first() if encoders.present() is None else None
    with open_writer(library.path, command="index", wait_s=wait_s) as writer:
        if first is not None:
            writer.use_space(first.info)
        _drop_retired(writer)
        spaces = [(space, encoders.for_writing(space)) for space in writer.spaces()]
        report = index_folders(writer, spaces, request, listener, exact_below=library.settings.exact_below)
        for space, _ in spaces:
            if space.state is SpaceState.BUILDING and not report.interrupted:
                writer.finish_space(space.id)
    return report


def _has_roots(path: Path) -> bool:
    try:
        with open_reader(path) as reader:
            return bool(reader.roots())
    except LibraryNotFound:
        return False


def _drop_retired(writer: LibraryWriter) -> None:
    """Spaces replaced by an earlier run: whoever was still reading them then has long finished."""
    for space in writer.spaces():
        if space.state is SpaceState.RETIRED:
            writer.drop_space(space.id)
