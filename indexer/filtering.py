"""Judge the captions that the library holds: which fit their pictures? The filter of CapFilt over a whole library.

A caption that fails is kept and marked with its score; it is shown as such, and found by nothing. Committed after each
batch, so that a run that was stopped is gone on with by the next. What the judge is and knows is `judging`'s.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

from core.captioning import CaptionReport, CaptionRequest
from core.indexing import Problem, Progress, ProgressListener
from core.paths import is_at_or_below
from indexer.interrupts import Interrupts
from indexer.judging import Judge
from indexer.reading import read_again, reading_pool

if TYPE_CHECKING:
    from core.pictures import DecodedPicture
    from db import LibraryWriter
    from db.caption_records import CaptionRecord
    from media import DecodePool

FAST_BATCH = 64  # pictures: one commit a second or so
SLOW_BATCH = 4  # few: a Ctrl-C waits for the batch under way, and a new picture takes a CPU a second


def filter_captions(
    writer: "LibraryWriter", judge: Judge, request: CaptionRequest, listener: ProgressListener
) -> CaptionReport:
    """Judge each caption that this judge has not judged yet (`request.again`: all of them).

    Those it has judged are not looked at again, but kept or marked by the same least match as the new ones. Ctrl-C is
    taken as `captioning.write_captions` takes it.

    Raises:
        StorageFull: the disk is full; what was committed before stays.
    """
    started = time.monotonic()
    with Interrupts().handled() as interrupts:
        run = _Run(writer, judge, request, listener, interrupts)
        interrupted = run.go()
    return run.report(time.monotonic() - started, interrupted=interrupted)


@dataclass(frozen=True, slots=True)
class _Captioned:
    """One picture with the captions to be judged."""

    path: bytes
    content_hash: bytes | None
    captions: tuple[tuple[int, str], ...]  # caption id, text


class _Run:
    def __init__(
        self,
        writer: "LibraryWriter",
        judge: Judge,
        request: CaptionRequest,
        listener: ProgressListener,
        interrupts: Interrupts,
    ) -> None:
        self._writer = writer
        self._judge = judge
        self._request = request
        self._listener = listener
        self._interrupts = interrupts
        self._batch_size = FAST_BATCH if judge.fast else SLOW_BATCH
        self._todo = sum(len(one.captions) for one in self._pictures())
        self._judged = 0
        self._kept = 0
        self._passed_over = 0  # captions of pictures that could not be looked at
        self._problems: list[Problem] = []
        self._moved = (0, 0)  # captions judged before that come back, and that go

    def go(self) -> bool:
        """All of it; True where Ctrl-C ended it early."""
        self._moved = self._writer.hold_captions_to(self._judge.least, judge=self._judge.name)
        self._tell()
        if not self._todo:
            return False
        pictures = self._pictures()
        with (
            self._interrupts.ending(),
            reading_pool(self._writer, (self._judge.preprocess,), workers=self._request.workers) as pool,
        ):
            while batch := list(islice(pictures, self._batch_size)):
                self._judge_batch(batch, pool)
                self._interrupts.check()
        return self._interrupts.ended

    def _pictures(self) -> Iterator[_Captioned]:
        """The pictures whose captions are to be judged, as many as were asked for."""
        folders = self._request.folders
        judge = "" if self._request.again else self._judge.name
        pictures = groupby(self._writer.captions_to_judge(judge), lambda record: record.image_id)
        wanted = (
            _captioned(records)
            for records in (list(own) for _, own in pictures)
            if not folders or any(is_at_or_below(records[0].path, folder) for folder in folders)
        )
        return islice(wanted, self._request.limit)

    def _judge_batch(self, batch: Sequence[_Captioned], pool: "DecodePool") -> None:
        seen = {one: known for one in batch if (known := self._judge.remembers(one.content_hash)) is not None}
        read: list[tuple[_Captioned, DecodedPicture]] = []
        for one, found in read_again(pool, [one for one in batch if one not in seen], self._interrupts):
            if isinstance(found, Problem):
                self._problems.append(found)
                self._passed_over += len(one.captions)
            else:
                read.append((one, found))
        features = self._judge.see([(picture.content_hash, picture.pixels[0]) for _, picture in read])
        seen.update((one, own) for (one, _), own in zip(read, features, strict=True))
        pairs = [(number, text, own) for one, own in seen.items() for number, text in one.captions]
        matches = self._judge.match([(text, own) for _, text, own in pairs])
        judged = [(pair[0], match, self._judge.keeps(match)) for pair, match in zip(pairs, matches, strict=True)]
        self._writer.judge_captions(judged, judge=self._judge.name)
        self._judged += len(judged)
        self._kept += sum(kept for _, _, kept in judged)
        self._tell()

    def _tell(self) -> None:
        self._listener(Progress("judge", self._judged + self._passed_over, self._todo, len(self._problems)))

    def report(self, seconds: float, *, interrupted: bool) -> CaptionReport:
        return CaptionReport(
            judge=self._judge.name,
            judged=self._judged,
            kept=self._kept,
            marked=self._judged - self._kept,
            skipped=len(self._problems),
            left=self._todo - self._judged - self._passed_over,
            seconds=seconds,
            interrupted=interrupted,
            problems=tuple(self._problems),
            notices=_moved_notices(*self._moved, self._judge.least),
        )


def _moved_notices(back: int, gone: int, least: float) -> tuple[str, ...]:
    if not back and not gone:
        return ()
    return (f"of those judged before, {back:,} are kept and {gone:,} are marked now, by a least match of {least:g}",)


def _captioned(records: "Sequence[CaptionRecord]") -> _Captioned:
    first = records[0]
    return _Captioned(first.path, first.content_hash, tuple((record.id, record.text) for record in records))
