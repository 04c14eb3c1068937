"""Write captions for the pictures that have none by this model: decode, caption, judge, commit, batch by batch.

The library is written for a moment after each batch; what is committed then is never done again, so a run that was
stopped is gone on with by the next one. Judging is `judging`'s, embedding the new texts `captions`'.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.captioning import CaptionReport, CaptionRequest
from core.indexing import Problem, Progress, ProgressListener
from core.paths import is_at_or_below
from core.pictures import Caption, CaptionSource, DecodedPicture
from core.protocols import Captioner
from indexer.interrupts import Interrupts
from indexer.judging import Judge
from indexer.reading import read_again, reading_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db import LibraryWriter
    from db.caption_records import PictureRecord

FAST_BATCH = 32  # a GPU's beams share their work; beyond it memory, not time, is what more would cost
SLOW_BATCH = 4  # few: a Ctrl-C waits for the batch under way, and each picture takes a CPU seconds


def write_captions(
    writer: "LibraryWriter",
    captioner: Captioner,
    judge: Judge | None,
    request: CaptionRequest,
    listener: ProgressListener,
) -> CaptionReport:
    """One caption for each picture in reach that has none by this captioner.

    A first Ctrl-C (KeyboardInterrupt) ends after the batch under way and returns a report with `interrupted`; a second
    one is raised, and loses nothing that was committed.

    Args:
        writer: the library.
        captioner: writes them.
        judge: says which are kept; None: all are, unjudged.
        request: which pictures.
        listener: hears the progress.

    Raises:
        StorageFull: the disk is full; what was committed before stays.
    """
    started = time.monotonic()
    with Interrupts().handled() as interrupts:
        run = _Run(writer, captioner, judge, request, listener, interrupts)
        interrupted = run.go()
    return run.report(time.monotonic() - started, interrupted=interrupted)


@dataclass(frozen=True, slots=True)
class _Read:
    """A picture that waits for its caption."""

    image_id: int
    picture: DecodedPicture


class _Run:
    def __init__(
        self,
        writer: "LibraryWriter",
        captioner: Captioner,
        judge: Judge | None,
        request: CaptionRequest,
        listener: ProgressListener,
        interrupts: Interrupts,
    ) -> None:
        self._writer = writer
        self._captioner = captioner
        self._judge = judge
        self._request = request
        self._listener = listener
        self._interrupts = interrupts
        judged = () if judge is None else (judge.preprocess,)
        self._targets = tuple(dict.fromkeys((captioner.info.preprocess, *judged)))
        self._batch_size = FAST_BATCH if captioner.info.fast else SLOW_BATCH
        self._waiting: list[_Read] = []
        self._todo = self._count()
        self._written = 0
        self._kept = 0
        self._wordless = 0
        self._problems: list[Problem] = []

    def go(self) -> bool:
        """All of it; True where Ctrl-C ended it early."""
        self._tell()
        if not self._todo:
            return False
        with self._interrupts.ending():
            with reading_pool(self._writer, self._targets, workers=self._request.workers) as pool:
                for record, found in read_again(pool, self._records(), self._interrupts):
                    self._take(record, found)
            self._write()
        return self._interrupts.ended

    def _count(self) -> int:
        """How many pictures there are to be captioned."""
        if self._request.folders:
            return sum(1 for _ in self._records())
        waiting = self._writer.count_without_caption(self._captioner.info.name)
        return waiting if self._request.limit is None else min(waiting, self._request.limit)

    def _records(self) -> "Iterator[PictureRecord]":
        """The pictures to be captioned, as many as were asked for."""
        folders, limit, taken = self._request.folders, self._request.limit, 0
        for record in self._writer.pictures_without_caption(self._captioner.info.name):
            if limit is not None and taken == limit:
                return
            if not folders or any(is_at_or_below(record.path, folder) for folder in folders):
                taken += 1
                yield record

    def _take(self, record: "PictureRecord", found: DecodedPicture | Problem) -> None:
        if isinstance(found, Problem):
            self._problems.append(found)
            self._tell()
            return
        self._waiting.append(_Read(record.image_id, found))
        if len(self._waiting) >= self._batch_size:
            self._write()

    def _write(self) -> None:
        """Captions for what waits, committed."""
        if not self._waiting:
            return
        target = self._targets.index(self._captioner.info.preprocess)
        texts = self._captioner.write(np.stack([one.picture.pixels[target] for one in self._waiting]))
        captioned = [(one, " ".join(text.split())) for one, text in zip(self._waiting, texts, strict=True)]
        captions = self._captions([(one, text) for one, text in captioned if text])
        self._writer.add_captions(
            {image_id: (caption,) for image_id, caption in captions.items()},
            judge=None if self._judge is None else self._judge.name,
        )
        self._written += len(captions)
        self._kept += sum(caption.kept for caption in captions.values())
        self._wordless += len(self._waiting) - len(captions)
        self._waiting = []
        self._tell()

    def _captions(self, captioned: list[tuple[_Read, str]]) -> dict[int, Caption]:
        """By image id, judged where there is a judge."""
        name, judge = self._captioner.info.name, self._judge
        if judge is None:
            return {one.image_id: Caption(text, CaptionSource.GENERATED, name) for one, text in captioned}
        target = self._targets.index(judge.preprocess)
        seen = judge.see([(one.picture.content_hash, one.picture.pixels[target]) for one, _ in captioned])
        matches = judge.match([(text, features) for (_, text), features in zip(captioned, seen, strict=True)])
        return {
            one.image_id: Caption(text, CaptionSource.GENERATED, name, match, judge.keeps(match))
            for (one, text), match in zip(captioned, matches, strict=True)
        }

    def _tell(self) -> None:
        skipped = len(self._problems)
        self._listener(Progress("caption", self._written + self._wordless + skipped, self._todo, skipped))

    def report(self, seconds: float, *, interrupted: bool) -> CaptionReport:
        judged = 0 if self._judge is None else self._written
        name = self._captioner.info.name
        notices = [f"{name} found no words for {self._wordless:,} of them"] if self._wordless else []
        if offline := self._writer.count_offline_without_caption(name):
            notices.append(f"pictures out of reach at present, left for a later run: {offline:,}")
        return CaptionReport(
            model=name,
            judge=None if self._judge is None else self._judge.name,
            written=self._written,
            judged=judged,
            kept=self._kept if judged else 0,
            marked=judged - self._kept if judged else 0,
            skipped=len(self._problems),
            left=self._todo - self._written - self._wordless - len(self._problems),
            seconds=seconds,
            interrupted=interrupted,
            problems=tuple(self._problems),
            notices=tuple(notices),
        )
