"""A small training set of flat grey pictures, an encoder that reads their number, and a teacher that does.

Picture n is of grey 8n + 4, so that its number can be read from any pixel, JPEG or not. Everything in it is held out.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo, Preprocess
from training.finding import CIFAR_WORDS, RECORDED_NOUNS

DIM = 32  # one for each picture there can be
NOTHING = DIM - 1  # no picture has this number
FLICKR, IMAGENET = range(4), range(4, 8)
PIZZA, LLAMA = range(8, 20), range(20, 30)
NAMES = ["tench", "crane", "crane", "zebra", "flute"]  # the first ones of ImageNet, as it were
LABELS = {4: "zebra", 5: "crane", 6: "flute", 7: "tench"}
CIFAR_OF_A_CLASS = 11


def grey(number: int, size: tuple[int, int] = (40, 32)) -> Image.Image:
    return Image.new("RGB", size, (8 * number + 4,) * 3)


def captions(number: int) -> list[str]:
    return [f"this is number {number} .", f"look at {number}"]


def write_training_set(folder: Path) -> Path:
    """All that `measure` reads, but the teacher itself."""
    rows: list[dict[str, object]] = [
        *({"file": f"{n}.jpg", "source": "flickr8k", "captions": captions(n)} for n in FLICKR),
        *({"file": f"{n}.jpg", "source": "imagenet-sample", "label": LABELS[n], "wnid": f"n{n}"} for n in IMAGENET),
        *({"file": f"{n}.jpg", "source": "caltech101", "label": "pizza"} for n in PIZZA),
        *({"file": f"{n}.jpg", "source": "caltech101", "label": "llama"} for n in LLAMA),
    ]
    (folder / "teacher").mkdir(parents=True)
    (folder / "teacher" / "imagenet_labels.txt").write_text(
        "\n".join(["background", *(f"{name}, some other name" for name in NAMES)])
    )
    with zipfile.ZipFile(folder / "train-128.zip", "w") as file:
        file.writestr("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for number in (*FLICKR, *IMAGENET, *PIZZA, *LLAMA):
            out = io.BytesIO()
            grey(number).save(out, "JPEG", quality=95)
            file.writestr(f"{number}.jpg", out.getvalue())
    _write_recorded(folder / "clip-vectors")
    return folder


def _write_recorded(folder: Path) -> None:
    """CIFAR-10's classes as pictures 0 to 9; the recorded vectors are right about all, but for "bird"."""
    (folder / "images").mkdir(parents=True)
    names, vectors = ["flickr8k_1.jpg"], [np.eye(DIM)[NOTHING]]
    for number, name in enumerate(CIFAR_WORDS):
        for copy in range(CIFAR_OF_A_CLASS):
            names.append(f"cifar10_{copy:03}_{name}.png")
            vectors.append(3 * np.eye(DIM)[number])  # as recorded they are not of unit length
            grey(number, (32, 32)).save(folder / "images" / names[-1])
    nouns = [RECORDED_NOUNS.get(word, word) for word in CIFAR_WORDS.values()]
    spoken = [NOTHING if noun == "bird" else number for number, noun in enumerate(nouns)]
    np.savez(
        folder / "vectors.npz",
        image_names=np.array(names),
        image_vectors=np.array(vectors, np.float16),
        text=np.array([f"a {noun}" for noun in nouns]),
        text_vectors=(5 * np.eye(DIM)[spoken]).astype(np.float16),
    )


class Oracle:
    """An encoder that knows which pictures a text means.

    Args:
        meant: numbers of pictures by text; a text that is not there means none.
    """

    def __init__(self, meant: Mapping[str, Sequence[int]]) -> None:
        self._meant = meant
        self.info = EncoderInfo("oracle", DIM, Preprocess(height=16, width=16), "0", None, None, ("en",))

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        return np.eye(DIM, dtype=np.float32)[pixels[:, 8, 8, 0] // 8]

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([np.eye(DIM)[list(self._meant.get(text, ())) or [NOTHING]].sum(axis=0) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def cut_off(self, text: str) -> str:
        return ""


class MadeUpTeacher:
    """Answers with the class that it thinks a picture of this number is of; "background" is what it likes best."""

    def __init__(self, thinks: Mapping[int, int]) -> None:
        self._thinks = thinks

    def see(self, pictures: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        numbers = pictures[:, 112, 112, 0] // 8
        logits = np.zeros((len(pictures), 1 + len(NAMES)), np.float32)
        logits[:, 0] = 9.0
        logits[range(len(pictures)), [1 + self._thinks.get(int(number), 0) for number in numbers]] = 5.0
        return np.empty((len(pictures), 0), np.float32), logits
