"""What the student looks at: crops and mixtures of the training pictures, and what the teacher sees in each.

"A good teacher is patient and consistent" (Beyer et al., 2022, arXiv:2106.05237): teacher and student are shown the
very same crop, and mixtures of two pictures carry the teacher far beyond the few thousand there are. The teacher's
answers are kept on disk, so that it is asked once a view. A shard is made by one process and depends on its number
only; shards that exist are left alone.

    python -m training.views WORK --shards 14
"""

import argparse
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance

from training.data import Sample, Source, TrainingSet, data_folder
from training.teacher import CLASSES, FEATURES, SIZE, Teacher

if TYPE_CHECKING:
    import numpy.typing as npt

VIEW_SIZE = 112
MIXED = 0.5  # of the views show two pictures
FULL_FRAME = 0.15  # of the crops are the centre of the whole picture, as it is seen in use
SMALLEST_CROP = 0.1  # of the area
# Draws of a picture a shard. Hundreds of nearly the same airplane teach less than one odd thing.
DRAWS = {Source.IMAGENET: 8.0, Source.FLICKR: 4.0, Source.CALTECH: 0.7}
DRAWS_OF_CLASS = {"background google": 4.0, "airplanes": 0.15, "motorbikes": 0.15, "faces": 0.2, "faces easy": 0.1}


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of views; n of them.

    Attributes:
        pixels: uint8 (n, 112, 112, 3).
        features: the teacher's, float16 (n, 1280).
        logits: the teacher's, float16 (n, 1001).
        sample: which picture of the training set, int32 (n,).
        mixed: shows two pictures, bool (n,).
    """

    pixels: "npt.NDArray[np.uint8]"
    features: "npt.NDArray[np.float16]"
    logits: "npt.NDArray[np.float16]"
    sample: "npt.NDArray[np.int32]"
    mixed: "npt.NDArray[np.bool_]"


def shard_file(work: Path, number: int) -> Path:
    """Where a shard is kept."""
    return work / "views" / f"{number:03}.npz"


def read_shard(path: Path, *, pixels: bool = True) -> Shard:
    """A shard from disk; its pixels, nine tenths of it, only where they are wanted."""
    with np.load(path) as file:
        seen = file["pixels"] if pixels else np.empty((0, VIEW_SIZE, VIEW_SIZE, 3), np.uint8)
        return Shard(seen, file["features"], file["logits"], file["sample"], file["mixed"])


def make_shard(work: Path, number: int) -> Path:
    """Draw one shard's views, ask the teacher, write the file; one process, one thread."""
    path = shard_file(work, number)
    if path.is_file():
        return path
    data, rng = TrainingSet(data_folder()), np.random.default_rng(number)
    samples = data.samples
    order = _draw(samples, rng)
    teacher = Teacher(data.folder / "teacher")
    pixels = np.empty((len(order), VIEW_SIZE, VIEW_SIZE, 3), np.uint8)
    features, logits = np.empty((len(order), FEATURES), np.float16), np.empty((len(order), CLASSES), np.float16)
    mixed = rng.random(len(order)) < MIXED
    for row, index in enumerate(order):
        view = _crop(data.image(samples[index]), rng)
        if mixed[row]:
            other = samples[order[rng.integers(len(order))]]
            view = _mix(view, _crop(data.image(other), rng), rng)
        features[row : row + 1], logits[row : row + 1] = teacher.see(np.asarray(view)[None])
        pixels[row] = np.asarray(view.resize((VIEW_SIZE, VIEW_SIZE), Image.Resampling.BICUBIC))
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part.npz")
    np.savez(fresh, pixels=pixels, features=features, logits=logits, sample=order, mixed=mixed)
    fresh.rename(path)
    return path


def _draw(samples: Sequence[Sample], rng: np.random.Generator) -> "npt.NDArray[np.int32]":
    """Which pictures a shard shows, in random order; none that is held out."""
    wanted = np.array([
        0.0 if one.held_out else DRAWS_OF_CLASS.get(one.label, DRAWS[one.source]) for one in samples
    ])  # fmt: skip
    counts = np.floor(wanted + rng.random(len(wanted))).astype(np.int32)
    return rng.permutation(np.repeat(np.arange(len(samples), dtype=np.int32), counts))


def _crop(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random part of the picture at the teacher's size, perhaps mirrored, its colours a little off."""
    width, height = image.size
    if rng.random() < FULL_FRAME:
        box_width = box_height = min(width, height)
        left, top = (width - box_width) / 2, (height - box_height) / 2
    else:
        area, ratio = width * height * rng.uniform(SMALLEST_CROP, 1.0), np.exp(rng.uniform(-0.29, 0.29))
        box_width, box_height = min(width, np.sqrt(area * ratio)), min(height, np.sqrt(area / ratio))
        left, top = rng.uniform(0, width - box_width), rng.uniform(0, height - box_height)
    box = (left, top, left + box_width, top + box_height)
    view = image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box)
    if rng.random() < 0.5:
        view = view.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        view = enhance(view).enhance(rng.uniform(0.7, 1.3))
    return view


def _mix(one: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Two views in one: blended (mixup), or a rectangle of one in the other (CutMix)."""
    if rng.random() < 0.5:
        return Image.blend(one, other, rng.uniform(0.2, 0.8))
    width, height = (int(SIZE * side) for side in rng.uniform(0.3, 0.9, 2))
    left, top = int(rng.uniform(0, SIZE - width)), int(rng.uniform(0, SIZE - height))
    mixed = one.copy()
    mixed.paste(other.resize((width, height)), (left, top))
    return mixed


def _make(task: tuple[Path, int]) -> Path:
    return make_shard(*task)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path)
    parser.add_argument("--shards", type=int, default=14)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    tasks = [(given.work, number) for number in range(given.first, given.first + given.shards)]
    with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
        for path in pool.imap_unordered(_make, tasks):
            print(path, flush=True)


if __name__ == "__main__":
    main()
