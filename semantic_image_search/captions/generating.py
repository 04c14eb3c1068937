"""Runs over the captions of a library put together: a captioner that writes them, a judge, the one writer.

Models are found (and fetched, where that is allowed) before the library is locked; from then on it is written every few
seconds, as `search index` does, and whoever else would write is told what is running. The runs themselves are
`indexer`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.paths import display
from core.queries import Filters
from db import open_reader, open_writer
from indexer.captioning import write_captions
from indexer.filtering import filter_captions
from indexer.interrupts import Interrupts
from indexer.judging import Judge
from semantic_image_search.captions.embedding import embed_new_captions

if TYPE_CHECKING:
    from core.captioning import CaptionReport, CaptionRequest
    from core.indexing import ProgressListener
    from core.protocols import Reranker
    from db import LibraryWriter
    from semantic_image_search.library.opened import OpenedLibrary

GENERATE, FILTER = "captions generate", "captions filter"

_REMEMBERED = ("written", "judged", "kept", "marked", "skipped", "left", "embedded", "interrupted")
"""What the library remembers of a run."""


def generate_captions(
    library: OpenedLibrary, request: CaptionRequest, *, judged: bool, wait_s: float, listener: ProgressListener
) -> CaptionReport:
    """Carry it out; see `Captions.generate`."""
    _require_pictures(library, request)
    second = library.second_stage
    captioner = second.captioner()
    judge = _judge(library, second.reranker(), request) if judged and second.has_reranker else None
    with open_writer(library.path, command=GENERATE, wait_s=wait_s) as writer:
        report = write_captions(writer, captioner, judge, _settled(library, request), listener)
        if judged and judge is None and report.written:
            report = replace(report, notices=(*report.notices, _not_judged(second.reranker_name)))
        return _finished(library, writer, report, listener)


def filter_library(
    library: OpenedLibrary, request: CaptionRequest, *, wait_s: float, listener: ProgressListener
) -> CaptionReport:
    """Carry it out; see `Captions.filter`."""
    _require_pictures(library, request)
    judge = _judge(library, library.second_stage.reranker(), request)
    with open_writer(library.path, command=FILTER, wait_s=wait_s) as writer:
        report = filter_captions(writer, judge, _settled(library, request), listener)
        return _finished(library, writer, report, listener)


def _require_pictures(library: OpenedLibrary, request: CaptionRequest) -> None:
    """Looked at before a writer, which would make an empty library, and before models are fetched.

    Raises:
        LibraryNotFound: nothing was indexed yet.
        UsageError: the library has no picture below one of the folders.
    """
    with open_reader(library.path) as reader:
        space = reader.active_space()
        for folder in request.folders:
            _, pictures = reader.allowed_rows(space, Filters(folders=(folder,)))
            if not pictures:
                raise UsageError(
                    f"the library has no picture below {display(folder)}: `search index` takes new ones in"
                )


def _settled(library: OpenedLibrary, request: CaptionRequest) -> CaptionRequest:
    """The request with the settings in place of what nobody asked for."""
    return replace(request, workers=request.workers or library.settings.workers)


def _judge(library: OpenedLibrary, reranker: Reranker, request: CaptionRequest) -> Judge:
    return Judge(reranker, library.second_stage.features(reranker), least=request.least)


def _finished(
    library: OpenedLibrary, writer: LibraryWriter, report: CaptionReport, listener: ProgressListener
) -> CaptionReport:
    """The report with what became of the new texts; a run that was stopped leaves them to the next."""
    if not report.interrupted:
        report = _embedded(library, writer, report, listener)
    writer.finish_run({name: getattr(report, name) for name in _REMEMBERED})
    return report


def _embedded(
    library: OpenedLibrary, writer: LibraryWriter, report: CaptionReport, listener: ProgressListener
) -> CaptionReport:
    with Interrupts().handled() as interrupts, interrupts.ending():
        embedded, notices = embed_new_captions(library, writer, interrupts.checked(listener))
        report = replace(report, embedded=embedded, notices=(*report.notices, *notices))
    return replace(report, interrupted=interrupts.ended)


def _not_judged(reranker: str) -> str:
    bring = f"`search models pull {reranker}` and `search captions filter` do it later"
    return f"not judged: {reranker} is not here; {bring}"
