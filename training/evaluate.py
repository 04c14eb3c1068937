"""Figures for a model on pictures that were never trained on, for its model card.

The model is used as a user's library would use it: the project's own preprocessing and encoder, words as they are typed.

    python -m training.evaluate local-dir:/a/folder --json figures.json
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.arrays import Pixels, Vectors
from core.models import Device
from core.protocols import Encoder
from encoders import load_encoder
from media import fit_array
from training.data import Sample, Source, TrainingSet, data_folder, tidy
from training.figures import Figures, Retrieval, ZeroShot, markdown, plain
from training.measures import Share, ranks, within
from training.teacher import SIZE, Teacher

if TYPE_CHECKING:
    from PIL.Image import Image

PROMPT = "a photo of a {}"  # for the names of zero-shot
TEACHER_CROP = 1.0  # of the short side; 0.875 was measured too and is no better on these pictures
_BATCH = 32


class Looking(Protocol):
    """What is asked of a teacher."""

    def see(self, pictures: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Features (n, any) and logits (n, 1 + names), the first of them for "background", of (n, 224, 224, 3)."""
        ...


def encode_pictures(encoder: Encoder, data: TrainingSet, samples: Sequence[Sample]) -> Vectors:
    """The samples' pictures as float32 (n, dim), unit rows."""
    fit, rows = encoder.info.preprocess, [np.empty((0, encoder.info.dim), np.float32)]
    for start in range(0, len(samples), _BATCH):
        pictures = (np.asarray(data.image(sample)) for sample in samples[start : start + _BATCH])
        rows.append(encoder.encode_pixels(np.stack([fit_array(picture, fit) for picture in pictures])))
    return np.concatenate(rows)


def retrieval(encoder: Encoder, samples: Sequence[Sample], pictures: Vectors) -> Retrieval:
    """Every caption of the samples looks for its picture; `pictures` are the samples' vectors."""
    captions = [(row, tidy(text)) for row, sample in enumerate(samples) for text in sample.captions]
    right = np.array([row for row, _ in captions], np.intp)
    places = ranks(encoder.encode_texts([text for _, text in captions]) @ pictures.T, right)
    return Retrieval(len(samples), {k: within(places, k) for k in (1, 5, 10)}, float(np.median(places)))


def first_names(labels_file: Path) -> tuple[list[str], NDArray[np.intp]]:
    """The distinct first names of the teacher's classes, and int (classes,): which name each class has.

    "crane" and "maillot" are the first name of two classes each, which no one could tell apart by it.
    """
    lines = labels_file.read_text(encoding="utf-8").splitlines()[1:]  # the first one is "background"
    of_class = [line.split(",")[0].strip() for line in lines]
    names = list(dict.fromkeys(of_class))
    return names, np.array([names.index(name) for name in of_class], np.intp)


def zero_shot(
    encoder: Encoder, samples: Sequence[Sample], pictures: Vectors, *, names: list[str], taught: NDArray[np.float32]
) -> ZeroShot:
    """Names for the samples' pictures.

    Args:
        encoder: of the model.
        samples: those whose label is of ImageNet are checked, all are compared with the teacher.
        pictures: the samples' vectors.
        names: to choose from.
        taught: the teacher's score of each name, float32 (samples, names).
    """
    scores = pictures @ encoder.encode_texts([PROMPT.format(name) for name in names]).T
    checked = np.array([row for row, sample in enumerate(samples) if sample.source == Source.IMAGENET], np.intp)
    right = np.array([names.index(samples[row].label) for row in checked], np.intp)
    return ZeroShot(
        names=len(names),
        right=_top(scores[checked], right),
        teacher_right=_top(taught[checked], right),
        agreement=_top(scores, taught.argmax(axis=1)),
    )


def teacher_scores(
    teacher: Looking, data: TrainingSet, samples: Sequence[Sample], of_class: NDArray[np.intp], *, crop: float
) -> NDArray[np.float32]:
    """What the teacher gives each name, float32 (samples, names), from the centre of the same small pictures.

    Args:
        teacher: MobileNetV2.
        data: where the pictures are.
        samples: whose pictures.
        of_class: the name of each of its classes; of several classes with one name the best counts.
        crop: the side of the square that it sees, in short sides.
    """
    scores = np.full((len(samples), int(of_class.max()) + 1), -np.inf, np.float32)
    for row, sample in enumerate(samples):
        seen = np.asarray(_centre(data.image(sample), crop))
        np.maximum.at(scores[row], of_class, teacher.see(seen[None])[1][0, 1:])
    return scores


def _top(scores: NDArray[np.float32], right: NDArray[np.intp]) -> dict[int, Share]:
    places = ranks(scores, right)
    return {k: within(places, k) for k in (1, 5)}


def _centre(image: "Image", crop: float) -> "Image":
    from PIL import Image

    side = min(image.size) * crop
    left, top = ((length - side) / 2 for length in image.size)
    return image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))


def measure(encoder: Encoder, teacher: Looking, data: TrainingSet) -> Figures:
    """Everything, for one model."""
    held_out = [sample for sample in data.samples if sample.held_out]
    vectors = encode_pictures(encoder, data, held_out)
    captioned = [row for row, sample in enumerate(held_out) if sample.captions]
    names, of_class = first_names(data.folder / "teacher" / "imagenet_labels.txt")
    taught = teacher_scores(teacher, data, held_out, of_class, crop=TEACHER_CROP)
    return Figures(
        model=encoder.info.name,
        retrieval=retrieval(encoder, [held_out[row] for row in captioned], vectors[captioned]),
        zero_shot=zero_shot(encoder, held_out, vectors, names=names, taught=taught),
    )


def main() -> None:
    """The command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", help="any name that `search models` takes: mini, local-dir:/a/folder, …")
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with train-128.zip")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load_encoder(given.model, device=Device.CPU)
    data = TrainingSet(given.data)
    figures = measure(encoder, Teacher(data.folder / "teacher"), data)
    print(markdown(figures))
    if given.json:
        given.json.write_text(json.dumps(plain(figures), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
