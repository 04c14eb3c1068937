"""What a run would do, found out without a model and without writing anything."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from core.errors import LibraryNotFound
from core.indexing import IndexReport, IndexRequest, Problem, Progress, ProgressListener, RootOptions
from core.paths import is_at_or_below
from db import dry_plan, open_reader
from db.records import PlanCounts, RootInfo
from indexer.scan import Seen, Target, cover, require_there, scan


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run would do."""

    counts: PlanCounts
    problems: tuple[Problem, ...] = ()  # folders that could not be looked into
    notices: tuple[str, ...] = ()
    others: int = 0  # files that are no pictures by their name

    def report(self, seconds: float) -> IndexReport:
        """As a run would report it, before it knows which files turn out to be moved, unchanged or unreadable."""
        counts = self.counts
        return IndexReport(
            added=counts.new + counts.retry,
            changed=counts.changed,
            unchanged=counts.unchanged + counts.facts + counts.backfill,
            removed=counts.vanished,
            skipped=counts.online_only + counts.broken,
            ignored=counts.passed_over + self.others,
            seconds=seconds,
            problems=self.problems,
            notices=self.notices,
        )


def plan_run(library: Path, request: IndexRequest, listener: ProgressListener) -> RunPlan:
    """What `index_folders` would do for this request. No picture is opened, and the library need not exist.

    Raises:
        UsageError: a path that is not there, or a pattern that is none.
        LibraryTooOld, LibraryTooNew: the library cannot be read as it is.
        KeyboardInterrupt: Ctrl-C; there is nothing to be kept.
    """
    seen = Seen()
    staged = []
    for target in _targets(_known_roots(library), request):
        entries = scan(
            target,
            library=os.fsencode(library),
            seen=seen,
            on_file=lambda files: listener(Progress("scan", files, None)),
        )
        if entries is not None:
            staged.append((target.subtree or target.root.path, entries))
    counts = dry_plan(library, staged)
    return RunPlan(counts, tuple(seen.problems), tuple(seen.notices), seen.others)


def count_candidates(library: Path, request: IndexRequest, *, at_most: int) -> int:
    """How many files a run for this request would find that may be pictures by their names; stops at `at_most`.

    Raises:
        UsageError: a path that is not there, or a pattern that is none.
    """
    seen = Seen()
    targets = _targets(_known_roots(library), request)
    scans = (scan(target, library=os.fsencode(library), seen=seen, on_file=lambda _files: None) for target in targets)
    return sum(1 for _ in islice(chain.from_iterable(entries for entries in scans if entries is not None), at_most))


def _known_roots(library: Path) -> list[RootInfo]:
    try:
        with open_reader(library) as reader:
            return list(reader.roots())
    except LibraryNotFound:
        return []


def _targets(known: Sequence[RootInfo], request: IndexRequest) -> list[Target]:
    """What the run would walk once it had remembered the new paths."""
    require_there(request.paths, known)
    fresh = [
        RootInfo(
            id=-1,
            path=path,
            options=request.options or RootOptions(),
            online=True,
            offline_reason=None,
            device=None,
            files=0,
            last_scan_at=None,
        )
        for path in request.paths
        if not any(is_at_or_below(path, root.path) for root in known)
    ]
    given = request.options
    roots = [replace(root, options=given) if given and root.path in request.paths else root for root in known]
    return cover([*fresh, *roots], request.paths)
