"""How often the best label is the right one: templates, "none of these", and what the set of objects finds.

    python -m benchmarks.labels --json benchmarks/results/labels.json

Two models. `mini`, on pictures of Caltech-101 that it was not trained on (102 names). OpenAI's CLIP ViT-B/32, from
vectors that others recorded: 500 pictures of CIFAR-10, and nouns in the one sentence "a X". Nothing is drawn at random
but which half of the names is taken away, ten times with seeds of its own.
"""

import argparse
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.imagenet_templates import EIGHTY
from core.arrays import Vectors
from core.protocols import Encoder
from encoders import load_encoder
from searcher.label_sets import SETS, make_set
from searcher.labels import OTHERS, Judge, label_vectors, without_nearest
from searcher.templates import THINGS
from training.data import Source, TrainingSet, data_folder
from training.finding import CIFAR_WORDS, RECORDED_NOUNS, encode_pixels, unit_rows

TEMPLATES = {
    "the bare name": ("{}",),
    "a photo of a {}.": ("a photo of a {}.",),
    "the seven": THINGS,
    "all 80": EIGHTY,
}
CLIP_SCALE = 100.0  # of ViT-B/32, as published
LEAST = 0.3
TRIALS = 10
OBJECTS = SETS["objects"].labels
BIRDS = frozenset({
    "chicken", "duck", "goose", "swan", "pigeon", "sparrow", "robin", "crow", "seagull", "eagle", "owl", "parrot",
    "flamingo", "peacock", "penguin", "ostrich", "heron", "stork", "hummingbird", "woodpecker",
})  # fmt: skip
CIFAR_OBJECTS = {name: {name} for name in ("airplane", "cat", "deer", "dog", "frog", "horse", "truck")}
CIFAR_OBJECTS |= {"automobile": {"car"}, "bird": set(BIRDS), "ship": {"boat", "ship", "ferry", "sailing boat"}}


OthersThan = Callable[[Vectors], Vectors]
"""What competes with these names: float32 (n, dim) to (m, dim), unit rows."""


@dataclass(frozen=True, eq=False)
class Case:
    """Pictures of known names, and the vectors of the names in some model.

    Attributes:
        pictures: float32 (n, dim), unit rows.
        right: int (n,), which name each picture has.
        names: float32 (names, dim), unit rows.
        others: of everyday words, float32 (m, dim).
        scale: what the model multiplies cosines with.
    """

    pictures: Vectors
    right: NDArray[np.intp]
    names: Vectors
    others: Vectors
    scale: float

    def likely(self, names: Vectors, others: Vectors) -> NDArray[np.float32]:
        """Probabilities, float32 (n, names)."""
        judge = Judge(("",) * len(names), names, self.scale, others)
        return judge.probabilities(np.asarray(self.pictures @ names.T, np.float32), self.pictures)


def accuracy(case: Case) -> dict[str, float]:
    """Top-1, its mean over the names (those of few pictures count as much), top-5, and what is above LEAST."""
    likely = case.likely(case.names, case.others[:0])
    order = np.argsort(-likely, axis=1)
    first = order[:, 0] == case.right
    sure = likely.max(axis=1) >= LEAST
    return {
        "top1": float(first.mean()),
        "top1_by_name": float(np.mean([first[case.right == name].mean() for name in np.unique(case.right)])),
        "top5": float((order[:, :5] == case.right[:, np.newaxis]).any(axis=1).mean()),
        "share_sure": float(sure.mean()),
        "right_where_sure": float(first[sure].mean()),
    }


def with_half_the_names(case: Case, others_than: OthersThan) -> dict[str, float]:
    """Half of the names are taken away: what is found of the others, and how many pictures get a wrong name for it."""
    found, wrong, right = [], [], []
    for seed in range(TRIALS):
        kept = np.random.default_rng(seed).permutation(len(case.names))[: len(case.names) // 2]
        likely = case.likely(case.names[kept], others_than(case.names[kept]))
        present = np.isin(case.right, kept)
        named = likely.max(axis=1) >= LEAST
        first = kept[likely.argmax(axis=1)] == case.right
        found.append((named & first)[present].mean())
        wrong.append(named[~present].mean())
        right.append((named & first).sum() / max(1, named.sum()))
    return {
        "found_where_present": float(np.mean(found)),
        "named_where_absent": float(np.mean(wrong)),
        "right_of_the_named": float(np.mean(right)),
    }


def nothing(names: Vectors) -> Vectors:
    """No others at all."""
    return names[:0]


def objects_found(case: Case, wanted: Sequence[set[str]], words: Sequence[str]) -> dict[str, dict[str, float]]:
    """Per least probability: how many tags are right, how many pictures get a right one, tags a picture."""
    likely = case.likely(case.names, case.others[:0])
    right = np.array([[word in names for word in words] for names in wanted])
    told = {}
    for least in (0.1, 0.2, LEAST, 0.5):
        tags = likely >= least
        told[str(least)] = {
            "right_of_the_tags": float((tags & right).sum() / max(1, tags.sum())),
            "pictures_with_a_right_one": float((tags & right).any(axis=1).mean()),
            "tags_a_picture": float(tags.sum() / len(tags)),
        }
    return told


def measure_mini(data: TrainingSet) -> dict[str, object]:
    """Everything on Caltech's pictures."""
    encoder = load_encoder("mini")
    held_out = [sample for sample in data.samples if sample.held_out and sample.source == Source.CALTECH]
    pictures = encode_pixels(encoder, [np.asarray(data.image(sample)) for sample in held_out])
    names = sorted({sample.label for sample in held_out})
    right = np.array([names.index(sample.label) for sample in held_out])
    vectors = partial(_vectors, encoder)
    others = vectors(OTHERS.labels, OTHERS.templates)
    neutral = encoder.encode_texts(["a photo."])
    make = partial(Case, pictures, right, others=others, scale=float(encoder.info.logit_scale or 0.0))
    seven = make(vectors(names, THINGS))
    known = [row for row, sample in enumerate(held_out) if sample.label in OBJECTS]
    objects = Case(pictures[known], right[known], vectors(OBJECTS, THINGS), others, seven.scale)
    return {
        "pictures": len(pictures),
        "names": len(names),
        "templates": {name: accuracy(make(vectors(names, some))) for name, some in TEMPLATES.items()},
        "half": {
            "softmax": with_half_the_names(seven, nothing),
            "one neutral sentence": with_half_the_names(seven, lambda _names: neutral),
            "none": with_half_the_names(seven, partial(without_nearest, others)),
        },
        "objects": objects_found(objects, [{held_out[row].label} for row in known], OBJECTS),
        "objects_pictures": len(known),
    }


def measure_clip(data: TrainingSet) -> dict[str, object]:
    """Everything on CIFAR's pictures, with recorded vectors."""
    with np.load(data.folder / "clip-vectors" / "vectors.npz") as kept:
        files = [str(name) for name in kept["image_names"]]
        pictures, texts = unit_rows(kept["image_vectors"]), unit_rows(kept["text_vectors"])
        nouns = {str(text).removeprefix("a "): row for row, text in enumerate(kept["text"])}
    rows = [row for row, name in enumerate(files) if name.startswith("cifar10_")]
    classes = [files[row].removesuffix(".png").split("_")[-1] for row in rows]
    names = list(CIFAR_WORDS)
    spoken = [nouns[RECORDED_NOUNS.get(word, word)] for word in CIFAR_WORDS.values()]
    words = [word for word in OBJECTS if _noun(word) in nouns]
    others = texts[[nouns[_noun(word)] for word in words]]
    right = np.array([names.index(one) for one in classes])
    case = Case(pictures[rows], right, texts[spoken], others, CLIP_SCALE)
    return {
        "pictures": len(rows),
        "names": len(names),
        "templates": {"a X": accuracy(case)},
        "half": {
            "softmax": with_half_the_names(case, nothing),
            "none": with_half_the_names(case, partial(without_nearest, others)),
        },
        "objects": objects_found(
            Case(case.pictures, right, others, others, CLIP_SCALE), [CIFAR_OBJECTS[one] for one in classes], words
        ),
        "objects_words": len(words),
    }


def _vectors(encoder: Encoder, names: Sequence[str], templates: Sequence[str]) -> Vectors:
    return label_vectors(encoder, make_set("measured", names, templates), lambda _progress: None)


def _noun(word: str) -> str:
    """As it was recorded."""
    return RECORDED_NOUNS.get(word, word.replace(" ", "_"))


def main() -> None:
    """The command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with train-128.zip, clip-vectors/")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = TrainingSet(given.data)
    measures: dict[str, Callable[[TrainingSet], dict[str, object]]] = {
        "mini": measure_mini,
        "CLIP ViT-B/32": measure_clip,
    }
    figures = {
        "machine": platform.processor() or platform.machine(),
        **{name: run(data) for name, run in measures.items()},
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
