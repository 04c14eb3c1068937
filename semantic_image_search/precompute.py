"""Show a reranker every picture of a library once, so that later queries find what it saw: `search models precompute`.

Reads the library and writes only to the cache of features; what was finished before is not done again.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from core.errors import StorageFull, UsageError
from core.indexing import Problem, Progress
from db import open_reader
from db.features import bytes_of, forget_features, remember_bound
from indexer import default_workers
from indexer.interrupts import Interrupts
from indexer.reading import limits_of, read_again
from media import DecodeLimits, DecodePool
from searcher.features import ToSee

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from core.indexing import ProgressListener
    from core.pictures import DecodedPicture, Picture
    from core.protocols import Reranker
    from db import LibraryReader
    from db.features import FeatureCache

BATCH = 16  # pictures seen at once
_ROWS = 1_000  # pictures asked for at once


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecomputeReport:
    """What a run did; pictures, except where said."""

    reranker: str
    seen: int  # in this run
    known: int  # seen before
    left: int = 0  # not reached
    away: int = 0  # out of reach: on a disk or a share that is not here
    kept_bytes: int = 0  # what all of them take now
    seconds: float = 0.0
    interrupted: bool = False
    problems: tuple[Problem, ...] = ()  # files that could not be read


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do."""

    known: int
    missing: Sequence[ToSee]
    each_bytes: int  # on disk, for one picture
    limits: DecodeLimits  # what the library's roots let in
    away: int = 0  # not seen, and out of reach

    @property
    def total_bytes(self) -> int:
        """What all of the library's pictures will take."""
        return (self.known + len(self.missing)) * self.each_bytes


@dataclass(slots=True)
class _Tally:
    seen: list[bytes] = field(default_factory=list)  # content hashes
    problems: list[Problem] = field(default_factory=list)

    @property
    def done(self) -> int:
        return len(self.seen) + len(self.problems)


def plan_precompute(library: Path, reranker: Reranker, cache: FeatureCache) -> Plan:
    """Which of the library's pictures this reranker has not seen; pictures out of reach are left out.

    Raises:
        LibraryNotFound: nothing is indexed yet.
    """
    known, missing, away = 0, [], 0
    with open_reader(library) as reader:
        limits = limits_of(reader.roots())
        for picture in _pictures(reader):
            if picture.content_hash is None:  # imported with its vector, its content is not known
                continue
            if picture.content_hash in cache:
                known += 1
            elif picture.offline:
                away += 1
            else:
                missing.append(ToSee(picture.path, picture.content_hash))
    return Plan(known, missing, bytes_of(reranker.info.tokens, reranker.info.width), limits, away)


def precompute(
    library: Path,
    reranker: Reranker,
    cache: FeatureCache,
    plan: Plan,
    *,
    workers: int,
    listener: ProgressListener,
) -> PrecomputeReport:
    """Carry a plan out. A Ctrl-C ends it with what is finished.

    Raises:
        StorageFull: there is no room on the disk.
    """
    _require_space(library, plan)
    started, tally = time.monotonic(), _Tally()
    pool = DecodePool(targets=(reranker.info.preprocess,), limits=plan.limits, workers=workers or default_workers())
    with Interrupts().handled() as interrupts, pool, interrupts.ending():
        for batch in _batches(read_again(pool, plan.missing, interrupts), tally):
            _keep(library, reranker, cache, batch)
            tally.seen += [picture.content_hash for picture in batch]
            listener(Progress("see", tally.done, len(plan.missing), len(tally.problems)))
    _drop_forgotten(library, tally.seen)
    return PrecomputeReport(
        reranker=reranker.info.name,
        seen=len(tally.seen),
        known=plan.known,
        left=len(plan.missing) - tally.done,
        away=plan.away,
        kept_bytes=(plan.known + len(tally.seen)) * plan.each_bytes,
        seconds=time.monotonic() - started,
        interrupted=interrupts.ended,
        problems=tuple(tally.problems),
    )


def require_allowed(plan: Plan, max_bytes: int) -> None:
    """Refuse what would not be kept: the last pictures would only push out the first.

    Raises:
        UsageError: more than may be kept.
    """
    if plan.total_bytes <= max_bytes:
        return
    wanted = -(-plan.total_bytes // 1_000_000)
    raise UsageError(
        f"what a reranker sees in {plan.known + len(plan.missing):,} pictures takes {wanted:,} MB, and at most "
        f"{max_bytes // 1_000_000:,} MB are kept: --max-mb {wanted} allows that for this library, the setting "
        "feature_cache_mb for all"
    )


def allow(library: Path, max_bytes: int) -> None:
    """Let the library's features take so much from now on.

    Raises:
        StorageFull: it cannot be written down.
    """
    try:
        remember_bound(library, max_bytes)
    except OSError as error:
        raise StorageFull(f"{library} cannot be written to: {error.strerror}") from error


def _require_space(library: Path, plan: Plan) -> None:
    needed, free = len(plan.missing) * plan.each_bytes, shutil.disk_usage(library).free
    if needed > free:
        raise StorageFull(
            f"{needed // 1_000_000:,} MB are needed in {library}, and {free // 1_000_000:,} MB are free there"
        )


def _keep(library: Path, reranker: Reranker, cache: FeatureCache, batch: Sequence[DecodedPicture]) -> None:
    features = reranker.see(np.stack([picture.pixels[0] for picture in batch]))
    for picture, seen in zip(batch, features, strict=True):
        if not cache.put(picture.content_hash, seen):
            raise StorageFull(f"no more can be kept in {library}: the disk is full, or may not be written to")


def _drop_forgotten(library: Path, seen: Sequence[bytes]) -> None:
    """What was forgotten while it was looked at stays forgotten."""
    with open_reader(library) as reader:
        alive = {picture.content_hash for picture in _pictures(reader)}
    for content_hash in set(seen) - alive:
        forget_features(library, content_hash)


def _batches(
    read: Iterator[tuple[ToSee, DecodedPicture | Problem]], tally: _Tally
) -> Iterator[Sequence[DecodedPicture]]:
    """Pictures in batches; what could not be read goes to the tally."""

    def readable() -> Iterator[DecodedPicture]:
        for _, outcome in read:
            if isinstance(outcome, Problem):
                tally.problems.append(outcome)
            else:
                yield outcome

    pictures = readable()
    while batch := list(islice(pictures, BATCH)):
        yield batch


def _pictures(reader: LibraryReader) -> Iterator[Picture]:
    """Every picture that can be found."""
    space = reader.active_space()
    mask, _ = reader.allowed_rows(space)
    rows = np.arange(reader.generation(space).committed_rows) if mask is None else np.flatnonzero(mask)
    for start in range(0, len(rows), _ROWS):
        yield from reader.pictures(space, rows[start : start + _ROWS])
