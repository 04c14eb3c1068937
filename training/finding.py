"""How well words find pictures: everyday words among those held out, and ten nouns among pictures of another kind.

Words are searched as they are typed. The other pictures are 500 of CIFAR-10's test set (32 x 32 pixels, one of ten
classes), for which the vectors of a real CLIP are at hand to compare with.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.arrays import Pixels, Vectors
from core.protocols import Encoder
from media import fit_array, load_rgb
from training.data import Sample
from training.everyday_words import WORDS
from training.figures import Found, FoundWords, OtherKind, found_words
from training.measures import precision

FIRST = 10
CIFAR_WORDS = {
    "airplane": "airplane", "automobile": "car", "bird": "bird", "cat": "cat", "deer": "deer", "dog": "dog",
    "frog": "frog", "horse": "horse", "ship": "boat", "truck": "truck",
}  # fmt: skip
RECORDED_NOUNS = {"car": "car_(automobile)"}  # where CLIP's vectors have another noun than the word
_BATCH = 32


def encode_pixels(encoder: Encoder, pictures: Sequence[Pixels]) -> Vectors:
    """Pictures of any size as float32 (n, dim), unit rows: fitted as in a library."""
    fit = encoder.info.preprocess
    batches = (pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH))
    rows = [encoder.encode_pixels(np.stack([fit_array(one, fit) for one in batch])) for batch in batches]
    return np.concatenate(rows) if rows else np.empty((0, encoder.info.dim), np.float32)


def everyday(encoder: Encoder, samples: Sequence[Sample], pictures: Vectors) -> FoundWords:
    """What each everyday word finds among the samples; `pictures` are their vectors."""
    scores = encoder.encode_texts([word.text for word in WORDS]) @ pictures.T
    found = {}
    for word, row in zip(WORDS, scores, strict=True):
        judged = [word.judge(sample) for sample in samples]
        known = np.array([one is not None for one in judged])
        found[word.text] = found_by(row[known], np.array([bool(one) for one in judged])[known])
    return found_words(found)


def found_by(scores: NDArray[np.float32], relevant: NDArray[np.bool_]) -> Found:
    """One word's precision: `scores` and `relevant` are (candidates,)."""
    count = int(relevant.sum())
    return Found(count, len(relevant), precision(scores, relevant, FIRST) if count else None)


def other_kind(encoder: Encoder, folder: Path) -> OtherKind:
    """The CIFAR-10 pictures of `folder`, which holds images/ and CLIP's vectors.npz."""
    with np.load(folder / "vectors.npz") as kept:
        names = [str(name) for name in kept["image_names"]]
        clip_pictures, clip_texts = unit_rows(kept["image_vectors"]), unit_rows(kept["text_vectors"])
        nouns = {str(text).removeprefix("a "): row for row, text in enumerate(kept["text"])}
    rows = [row for row, name in enumerate(names) if name.startswith("cifar10_")]
    classes = [names[row].removesuffix(".png").split("_")[-1] for row in rows]
    pictures = [load_rgb(os.fsencode((folder / "images" / names[row]).resolve()), max_side=None) for row in rows]
    words = list(CIFAR_WORDS.values())
    spoken = [nouns[RECORDED_NOUNS.get(word, word)] for word in words]
    own = encoder.encode_texts(words) @ encode_pixels(encoder, pictures).T
    return OtherKind(_by_class(own, classes), _by_class(clip_texts[spoken] @ clip_pictures[rows].T, classes))


def _by_class(scores: NDArray[np.float32], classes: Sequence[str]) -> FoundWords:
    """`scores` has a row for each of CIFAR_WORDS."""
    named = zip(CIFAR_WORDS.items(), scores, strict=True)
    return found_words({word: found_by(row, np.array([one == name for one in classes])) for (name, word), row in named})


def unit_rows(rows: NDArray[np.float16]) -> Vectors:
    """Recorded vectors, which are of any length, as float32 of unit length."""
    full = rows.astype(np.float32)
    return np.asarray(full / np.linalg.norm(full, axis=1, keepdims=True))
