"""An indexing run put together: the right encoders, the one writer, the runs of `indexer`."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, LibraryTooOld, UsageError
from db import open_reader, open_writer
from db.records import SpaceState
from indexer import count_candidates, index_folders, plan_run
from searcher.neutral_texts import neutral_texts
from semantic_image_search.choice import FEW
from semantic_image_search.status import embedding_model

if TYPE_CHECKING:
    from pathlib import Path

    from core.indexing import IndexReport, IndexRequest, ProgressListener
    from db import LibraryWriter
    from semantic_image_search.choice import Chosen
    from semantic_image_search.library.opened import OpenedLibrary


def index_library(
    library: OpenedLibrary, request: IndexRequest, *, wait_s: float, listener: ProgressListener
) -> IndexReport:
    """Carry a request out; see `Library.index` for what it may raise.

    The model is looked for before anything is written: where its weights cannot be had, no library is left behind.
    """
    if not request.dry_run:
        _bring_up_to_date(library.path, wait_s)
    _require_something(library.path, request)
    if request.dry_run:
        started = time.monotonic()
        plan = plan_run(library.path, request, listener)
        return plan.report(time.monotonic() - started)
    chosen = _choose_first(library, request)
    with open_writer(library.path, command="index", wait_s=wait_s) as writer:
        if chosen is not None:
            writer.use_space(chosen.encoder.info)
        _drop_retired(writer)
        spaces = library.encoders.for_run(writer.spaces())
        report = index_folders(
            writer,
            spaces,
            request,
            listener,
            exact_below=library.settings.exact_below,
            neutral_texts=neutral_texts(),
        )
        for space, _ in spaces:
            if space.state is SpaceState.BUILDING and not report.interrupted:
                writer.finish_space(space.id)
    notices = (chosen.notice, *report.notices) if chosen is not None and chosen.notice else report.notices
    return replace(report, model=embedding_model([space for space, _ in spaces]), notices=notices)


def undecided_model(library: OpenedLibrary, request: IndexRequest) -> str | None:
    """The default model, where a first run of this request would need its weights and they are not here.

    None where there is nothing to decide: the library has a model, the caller or the settings name one, its weights are
    here, or no file looks like a picture. An older library, which the run will migrate, is taken to have one.

    Raises:
        UsageError: a path that is not there, or nothing to refresh.
    """
    try:
        _require_something(library.path, request)
        model = library.encoders.undecided
    except LibraryTooOld:
        return None
    return model if model and count_candidates(library.path, request, at_most=1) else None


def _choose_first(library: OpenedLibrary, request: IndexRequest) -> Chosen | None:
    """What a library without a model begins with; None where it has one already.

    Also None where no file looks like a picture and the model to begin with is not here: an empty folder, or one whose
    disk is not mounted, decides nothing.
    """
    encoders = library.encoders
    if encoders.undecided is None:
        return encoders.first() if encoders.pinned() is None else None
    pictures = count_candidates(library.path, request, at_most=FEW)
    return encoders.first(pictures=pictures) if pictures else None


def _bring_up_to_date(library: Path, wait_s: float) -> None:
    """Migrate a library of an older version; all that is read before the run's own writer opens it needs it so."""
    try:
        with open_reader(library):
            pass
    except LibraryTooOld:
        with open_writer(library, command="index", wait_s=wait_s):
            pass
    except LibraryNotFound:
        pass


def _require_something(library: Path, request: IndexRequest) -> None:
    if not request.paths and not _has_roots(library):
        raise UsageError("there is nothing to refresh yet: name a folder, as in `search index ~/Pictures`")


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
