"""One indexing run from end to end: scan, plan, work, settle, refresh, report.

The order is what keeps the promises: files are judged vanished last, when everything new is committed (so that a
moved file finds its old row), and only where the walk went through. The steps themselves live in `scan`, `pipeline`
and `db`.
"""

import os
import time
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from core.batches import batch_size_for
from core.errors import ModelError
from core.indexing import IndexReport, IndexRequest, Progress, ProgressListener, Stage
from core.notices import notice
from core.protocols import Encoder
from db.records import PlanCounts, SettleCounts, SpaceInfo
from indexer.captions import embed_captions
from indexer.embedding import BatchEncoder, Embedder
from indexer.interrupts import Interrupts
from indexer.neutral import embed_neutral_texts
from indexer.pipeline import Pipeline, Tally
from indexer.scan import Seen, Target, choose_targets, in_pages, scan
from indexer.stopwatch import Stopwatch
from media import DecodeLimits, DecodePool

if TYPE_CHECKING:
    from db import LibraryWriter

MOST_WORKERS = 32  # they decode 860 12-megapixel JPEGs a second; this process handles some 1,500 pictures


def index_folders(
    writer: "LibraryWriter",
    encoders: Sequence[tuple[SpaceInfo, Encoder]],
    request: IndexRequest,
    listener: ProgressListener,
    *,
    exact_below: int,
    neutral_texts: Sequence[str] = (),
) -> IndexReport:
    """Brings the library up to date with the folders of `request` (none: every root it knows).

    `encoders` are the spaces that every picture gets a vector in, `neutral_texts` what hits are judged by. Ctrl-C
    (KeyboardInterrupt) keeps what is finished and returns a report with `interrupted`; a second one is raised, and
    still loses nothing that was committed.

    Raises:
        UsageError: a path that is not there, or a pattern that is none.
        StorageFull: the disk is full; what was committed before stays, and the next run goes on from there.
    """
    started = time.monotonic()
    writer.start_run("index")
    with Interrupts().handled() as interrupts:
        run = _Run(writer, encoders, request, listener, interrupts)
        interrupted = run.go(exact_below, neutral_texts)
    report = run.report(time.monotonic() - started, interrupted=interrupted)
    writer.finish_run(_counts(report))
    return report


class _Run:
    def __init__(
        self,
        writer: "LibraryWriter",
        encoders: Sequence[tuple[SpaceInfo, Encoder]],
        request: IndexRequest,
        listener: ProgressListener,
        interrupts: Interrupts,
    ) -> None:
        self._writer = writer
        self._encoders = encoders
        self._request = request
        self._listener = listener
        self._interrupts = interrupts
        self._seen = Seen()
        self._plan = PlanCounts()
        self._tally = Tally()
        self._settled = SettleCounts()
        self._notices: list[str] = []
        self._captions = 0
        self._workers = request.workers or default_workers()
        self._stopwatch = Stopwatch()

    def go(self, exact_below: int, neutral_texts: Sequence[str]) -> bool:
        """The whole run; True where Ctrl-C ended it early."""
        with self._interrupts.ending():
            with self._stopwatch.during(Stage.SCAN):
                targets = choose_targets(self._writer, self._request.paths, self._request.options)
                self._scan(targets)
                self._plan = self._writer.plan([space.id for space, _ in self._encoders])
            if self._work(targets):
                return True
            self._listener(Progress("finish", 0, None))
            with self._stopwatch.all_threads_during(Stage.FINISH):
                self._finish(exact_below, neutral_texts)
        return self._interrupts.ended

    def _finish(self, exact_below: int, neutral_texts: Sequence[str]) -> None:
        self._settled = self._writer.settle(self._seen.scans, prune=self._request.prune)
        for space, encoder in self._encoders:
            done = embed_captions(self._writer, space, encoder, self._refreshing)
            self._captions = max(self._captions, done)
            self._judging(space, encoder, neutral_texts)
            self._interrupts.check()
            self._writer.refresh_derived(  # after all texts: an index is measured with them
                space, exact_below=exact_below, recall=self._request.recall, on_progress=self._refreshing
            )

    def _scan(self, targets: Sequence[Target]) -> None:
        library = os.fsencode(self._writer.path)
        for target in targets:
            entries = scan(target, library=library, seen=self._seen, on_file=self._scanning)
            if entries is not None:
                pages = self._interrupts.waited_for(in_pages(entries))
                self._writer.stage(target.root, chain.from_iterable(pages), subtree=target.subtree)
        self._writer.unread(self._seen.unread)

    def _work(self, targets: Sequence[Target]) -> bool:
        if not self._plan.waiting:
            return False
        megapixels = {target.root.id: target.root.options.max_megapixels for target in targets}
        embedder = Embedder.of(self._encoders)
        size = batch_size_for((encoder for _, encoder in self._encoders), self._request.batch_size)
        with (
            self._stopwatch.pipeline(),
            DecodePool(
                targets=embedder.targets,
                limits=DecodeLimits(max_megapixels=max(megapixels.values())),
                workers=self._workers,
                look_ahead=size,
            ) as pool,
            BatchEncoder(embedder, self._writer.known_hashes, batch_size=size, stopwatch=self._stopwatch) as encoder,
        ):
            pipeline = Pipeline(
                self._writer,
                pool,
                encoder,
                interrupts=self._interrupts,
                max_megapixels=megapixels,
                on_progress=self._indexing,
            )
            self._tally = pipeline.tally
            return pipeline.run()

    def _judging(self, space: SpaceInfo, encoder: Encoder, texts: Sequence[str]) -> None:
        """A refresh that finds nothing new needs no model, and does not fail for want of one here."""
        try:
            embed_neutral_texts(self._writer, space, encoder, texts, self._refreshing)
        except ModelError as error:
            self._notices.append(notice("no_match", model=space.name, why=error))

    def _scanning(self, files: int) -> None:
        self._listener(Progress("scan", files, None))

    def _indexing(self, tally: Tally) -> None:
        self._listener(Progress("index", tally.handled, self._plan.waiting, len(tally.problems)))

    def _refreshing(self, progress: Progress) -> None:
        self._interrupts.check()
        self._listener(progress)

    def report(self, seconds: float, *, interrupted: bool) -> IndexReport:
        counts, plan = self._tally.counts, self._plan
        return IndexReport(
            added=counts.added,
            changed=counts.changed,
            moved=counts.moved,
            unchanged=counts.unchanged + plan.unchanged,
            removed=self._settled.removed,
            offline=self._settled.offline,
            skipped=counts.skipped + plan.online_only + plan.broken,
            ignored=counts.ignored + plan.passed_over + self._seen.others,
            embedded=counts.embedded,
            seconds=seconds,
            pictures_per_second=counts.embedded / seconds if seconds > 0 else 0.0,
            interrupted=interrupted,
            problems=(*self._seen.problems, *self._tally.problems),
            captions=self._captions,
            notices=(*self._settled.notices, *self._seen.notices, *self._notices),
            profile=self._stopwatch.stop(workers=self._workers),
        )


def default_workers() -> int:
    """One decode process per core that this process may use, at most MOST_WORKERS."""
    return min(MOST_WORKERS, _cores())


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _counts(report: IndexReport) -> dict[str, int | bool]:
    """What the library remembers of a run."""
    names = (
        "added", "changed", "moved", "unchanged", "removed", "offline", "skipped", "ignored", "embedded", "captions",
    )  # fmt: skip
    return {name: getattr(report, name) for name in names} | {"interrupted": report.interrupted}
