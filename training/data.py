"""What `mini` learns from, and what is kept away from it to measure with.

The split never changes: it depends on file names and class names only. Held out are whole Flickr pictures with their
captions, whole ImageNet pictures (one a class), whole Caltech classes, and a twentieth of every other Caltech class.
Reads the pictures from the zip; knows nothing of models.
"""

import hashlib
import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

HELD_OUT_FLICKR = 100
HELD_OUT_IMAGENET = 50
HELD_OUT_CLASSES = frozenset({
    "car side", "dalmatian", "wild cat", "schooner", "pigeon", "sunflower", "pizza", "wheelchair", "llama",
    "grand piano",
})  # fmt: skip
HELD_OUT_SHARE = 20  # one in so many of the other Caltech classes' pictures


class Source(StrEnum):
    """Where a picture comes from."""

    IMAGENET = "imagenet-sample"
    CALTECH = "caltech101"
    FLICKR = "flickr8k"


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture and what is known of it: a class name, or captions."""

    file: str
    source: Source
    label: str = ""
    wnid: str = ""
    captions: tuple[str, ...] = ()
    held_out: bool = False


class TrainingSet:
    """The pictures of `train-128.zip`, in the order of its table.

    Args:
        folder: with train-128.zip, captions-text-only.txt, teacher/ and clip-vectors/.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._zip = zipfile.ZipFile(folder / "train-128.zip")

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """Every picture, held out or not."""
        rows = [json.loads(line) for line in self._zip.read("train.jsonl").decode().splitlines()]
        held_out = _held_out(rows)
        return tuple(_sample(row, held_out=row["file"] in held_out) for row in rows)

    def image(self, sample: Sample) -> "Image":
        """The picture in RGB, short side 128."""
        from PIL import Image

        return Image.open(io.BytesIO(self._zip.read(sample.file))).convert("RGB")

    def spare_captions(self) -> list[str]:
        """Captions without pictures, but those of held-out pictures left out: nothing of the test is ever read."""
        kept_away = {caption for sample in self.samples if sample.held_out for caption in map(tidy, sample.captions)}
        lines = (self.folder / "captions-text-only.txt").read_text().splitlines()
        return [caption for caption in map(tidy, lines) if caption and caption not in kept_away]


def data_folder() -> Path:
    """Where the training data is: SEARCH_TEST_DATA, or beside the checkout."""
    return Path(os.environ.get("SEARCH_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


def tidy(caption: str) -> str:
    """A caption as people type: no blank before the full stop, none at the end."""
    return " ".join(caption.split()).removesuffix(".").rstrip().replace(" ,", ",")


def _sample(row: dict[str, object], *, held_out: bool) -> Sample:
    captions = row.get("captions", ())
    assert isinstance(captions, list | tuple)
    return Sample(
        file=str(row["file"]),
        source=Source(str(row["source"])),
        label=str(row.get("label", "")),
        wnid=str(row.get("wnid", "")),
        captions=tuple(captions),
        held_out=held_out,
    )


def _held_out(rows: Sequence[dict[str, object]]) -> set[str]:
    of = {source: [str(row["file"]) for row in rows if row["source"] == source] for source in Source}
    chosen = {*_draw(of[Source.FLICKR], HELD_OUT_FLICKR), *_draw(of[Source.IMAGENET], HELD_OUT_IMAGENET)}
    labels = {str(row["file"]): str(row["label"]) for row in rows if row["source"] == Source.CALTECH}
    for label, count in Counter(labels.values()).items():
        files = [file for file, own in labels.items() if own == label]
        chosen.update(files if label in HELD_OUT_CLASSES else _draw(files, count // HELD_OUT_SHARE))
    return chosen


def _draw(files: Iterable[str], count: int) -> list[str]:
    """So many of the files, as if at random, the same ones on every machine."""
    return sorted(files, key=lambda file: hashlib.sha256(file.encode()).digest())[:count]
