"""Figures for a model on pictures that were never trained on, for its model card.

The model is used as a user's library would use it, with the project's own preprocessing and encoder. Nothing is drawn
at random: the same model gives the same figures, but for the time it takes. Needs what the teacher needs (openvino).

    python -m training.evaluate local-dir:/a/folder --json figures.json
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.arrays import Pixels, Vectors
from core.errors import SearchError
from core.models import Device
from core.protocols import Encoder
from encoders import load_encoder
from training.cost import cost, model_folder
from training.data import Sample, Source, TrainingSet, data_folder, tidy
from training.figures import Figures, Retrieval, ZeroShot, markdown, plain
from training.finding import encode_pixels, everyday, other_kind
from training.measures import Share, ranks, within
from training.teacher import SIZE, Teacher

PROMPT = "a photo of a {}"  # for the names of zero-shot
TEACHER_CROP = 1.0  # of the short side; with 0.875, top-1 was 0.62 and not 0.66, top-5 0.78 and not 0.84
TIMED = 50  # pictures, and as many texts


class Looking(Protocol):
    """What is asked of a teacher."""

    def see(self, pictures: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Features (n, any) and logits (n, 1 + names), the first of them for "background", of (n, 224, 224, 3)."""
        ...


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
    teacher: Looking, pictures: Sequence[Pixels], of_class: NDArray[np.intp], *, crop: float
) -> NDArray[np.float32]:
    """What the teacher gives each name, float32 (pictures, names), from the centre of the same small pictures.

    Args:
        teacher: MobileNetV2.
        pictures: uint8 (height, width, 3) RGB.
        of_class: the name of each of its classes; of several classes with one name the best counts.
        crop: the side of the square that it sees, in short sides.
    """
    scores = np.full((len(pictures), int(of_class.max()) + 1), -np.inf, np.float32)
    for row, picture in enumerate(pictures):
        np.maximum.at(scores[row], of_class, teacher.see(_centre(picture, crop)[None])[1][0, 1:])
    return scores


def _top(scores: NDArray[np.float32], right: NDArray[np.intp]) -> dict[int, Share]:
    places = ranks(scores, right)
    return {k: within(places, k) for k in (1, 5)}


def _centre(picture: Pixels, crop: float) -> Pixels:
    from PIL import Image

    height, width = picture.shape[:2]
    side = min(height, width) * crop
    left, top = (width - side) / 2, (height - side) / 2
    image = Image.fromarray(picture)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)))


def measure(encoder: Encoder, teacher: Looking, data: TrainingSet, *, folder: Path) -> Figures:
    """Everything, for one model, whose files are in `folder`."""
    held_out = [sample for sample in data.samples if sample.held_out]
    pixels = [np.asarray(data.image(sample)) for sample in held_out]
    vectors = encode_pixels(encoder, pixels)
    captioned = [row for row, sample in enumerate(held_out) if sample.captions]
    names, of_class = first_names(data.folder / "teacher" / "imagenet_labels.txt")
    taught = teacher_scores(teacher, pixels, of_class, crop=TEACHER_CROP)
    texts = [tidy(held_out[row].captions[0]) for row in captioned[:TIMED]]
    return Figures(
        model=encoder.info.name,
        retrieval=retrieval(encoder, [held_out[row] for row in captioned], vectors[captioned]),
        zero_shot=zero_shot(encoder, held_out, vectors, names=names, taught=taught),
        everyday=everyday(encoder, held_out, vectors),
        other_kind=other_kind(encoder, data.folder / "clip-vectors"),
        cost=cost(encoder, pixels[-TIMED:], texts, folder=folder),
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
    try:
        encoder = load_encoder(given.model, device=Device.CPU)
    except SearchError as error:
        parser.error(str(error))
    data = TrainingSet(given.data)
    figures = measure(encoder, Teacher(data.folder / "teacher"), data, folder=model_folder(given.model))
    print(markdown(figures))
    if given.json:
        given.json.write_text(json.dumps(plain(figures), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
