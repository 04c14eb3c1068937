"""Libraries with captions to write and to judge, and what they hold afterwards."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from core.arrays import Pixels
from core.captioning import CaptionReport, CaptionRequest
from core.indexing import Progress
from core.pictures import Caption, CaptionSource
from db import open_reader, open_writer
from db.features import FeatureCache
from indexer.captioning import write_captions
from indexer.filtering import filter_captions
from indexer.judging import Judge
from tests.fakes import FakeCaptioner, FakeReranker
from tests.indexer.runs import ignore_progress, index

COLOURS = ("red", "green", "blue", "yellow", "white", "black")


def coloured(folder: Path, count: int) -> list[Path]:
    """Pictures of one colour each, no two the same file; every COLOURS in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:02d} {COLOURS[number % len(COLOURS)]}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64 + number, 64), COLOURS[number % len(COLOURS)]).save(path)
    return paths


def library_of(folder: Path, count: int = 12) -> Path:
    """A library beside a folder of pictures, indexed."""
    coloured(folder / "pictures", count)
    assert index(folder / "library", folder / "pictures").added == count
    return folder / "library"


class InterruptedCaptioner(FakeCaptioner):
    """Is interrupted at its so-manieth batch.

    Args:
        at: the batch, from 1.
        by_signal: Ctrl-C arrives while it writes, and it goes on; else the exception cuts it short.
    """

    def __init__(self, *, at: int, by_signal: bool) -> None:
        super().__init__()
        self._at, self._by_signal, self.batches = at, by_signal, 0

    def write(self, pixels: Pixels) -> list[str]:
        self.batches += 1
        if self.batches == self._at:
            if not self._by_signal:
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)
        return super().write(pixels)


def judge_of(library: Path, reranker: FakeReranker | None = None, *, least: float = 0.5) -> Judge:
    reranker = reranker or FakeReranker()
    return Judge(reranker, FeatureCache(library, reranker.info.identity, 10**9), least=least)


def generate(
    library: Path, captioner=None, judge: Judge | None = None, *, listener=ignore_progress, **request: object
) -> CaptionReport:
    with open_writer(library, command="captions generate") as writer:
        return write_captions(writer, captioner or FakeCaptioner(), judge, CaptionRequest(**request), listener)


def judge_all(library: Path, judge: Judge, *, listener=ignore_progress, **request: object) -> CaptionReport:
    with open_writer(library, command="captions filter") as writer:
        return filter_captions(writer, judge, CaptionRequest(**request), listener)


def held(library: Path) -> dict[str, list[Caption]]:
    """The captions of each picture, by file name; those without any left out."""
    with open_reader(library) as reader:
        space = reader.active_space()
        pictures = reader.pictures(space, sorted(row.row for row in reader.export_rows(space)))
        captions = reader.captions_of([picture.image_id for picture in pictures])
        return {
            Path(os.fsdecode(picture.path)).name: list(captions[picture.image_id])
            for picture in pictures
            if picture.image_id in captions
        }


def add(library: Path, captions: dict[str, Sequence[str]]) -> None:
    """Imported captions, by file name."""
    with open_reader(library) as reader:
        space = reader.active_space()
        ids = {
            Path(os.fsdecode(picture.path)).name: picture.image_id
            for picture in reader.pictures(space, sorted(row.row for row in reader.export_rows(space)))
        }
    with open_writer(library, command="captions import") as writer:
        writer.add_captions(
            {ids[name]: [Caption(text, CaptionSource.IMPORTED) for text in texts] for name, texts in captions.items()}
        )


class Told:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.heard: list[Progress] = []

    def __call__(self, progress: Progress, /) -> None:
        self.heard.append(progress)
