"""Questions whose answers are known: what is in a library, and one of the same size without it.

Two models: OpenAI's CLIP ViT-B/32, as vectors that others recorded (256 photos and 500 CIFAR-10 pictures, 1,703 nouns),
and `mini` on the pictures held out from its training.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.pictured import CIFAR_NOUNS, not_in_cifar, nowhere, shown
from core.arrays import Vectors
from core.models import Device
from encoders import load_encoder
from searcher.looks import LOOK_DEPTH
from searcher.match import standing
from searcher.neutral_texts import neutral_texts
from training.data import TrainingSet, tidy
from training.everyday_words import WORDS
from training.finding import encode_pixels, unit_rows

SIZES = (14, 50, 120)  # of libraries drawn from the photos
MOST_PHOTOS = 250  # of the others: about as many as are known to show a thing, or not to

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked, of which pictures.

    Attributes:
        noun: what is asked for; questions of one noun are never on both sides of a fit.
        query: float32 (dim,), unit length.
        library: float32 (n, dim), unit rows.
        right: the rows that show it; none: it is not there.
        again: the query in other words, "a photo of …".
        without: the query's opposite, "a photo without …".
    """

    noun: str
    query: Vectors
    library: Vectors
    right: Rows
    again: Vectors | None = None
    without: Vectors | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Captioned:
    """A caption that looks for its own picture.

    Attributes:
        text: the caption.
        picture: its picture's number; a picture has several captions.
        question: whose right answer is that picture.
    """

    text: str
    picture: int
    question: Question


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Questions of one kind, to one model, with the vectors of the neutral texts that it has.

    Those that name things are answered in the order of their standing, sentences in that of the cosine.
    """

    name: str
    questions: tuple[Question, ...]
    texts: Vectors
    logit_scale: float
    names: bool = True

    def first(self, one: Question, pictures: Vectors, count: int) -> Rows:
        """Which `count` of these pictures an answer would begin with."""
        if self.names:
            return by_standing(one.query, pictures, self.texts)[:count]
        return np.argsort(-(pictures @ one.query), kind="stable")[:count]


def by_standing(query: Vectors, pictures: Vectors, texts: Vectors) -> Rows:
    """The LOOK_DEPTH highest cosines as a name's answer has them."""
    nearest = np.argsort(-(pictures @ query), kind="stable")[:LOOK_DEPTH]
    return nearest[np.argsort(-standing(query, pictures[nearest], texts), kind="stable")]


class Recorded:
    """The recorded vectors of `folder`, which holds vectors.npz."""

    def __init__(self, folder: Path) -> None:
        with np.load(folder / "vectors.npz") as kept:
            names = [str(name) for name in kept["image_names"]]
            self.pictures, texts = unit_rows(kept["image_vectors"]), unit_rows(kept["text_vectors"])
            nouns = [str(text).removeprefix("a ") for text in kept["text"]]
        self.nouns = dict(zip(nouns, texts, strict=True))
        classes = np.array([name.removesuffix(".png").split("_")[-1] if "cifar10" in name else "" for name in names])
        self.photos, self.cifar = np.flatnonzero(classes == ""), np.flatnonzero(classes != "")
        self.classes = classes

    def texts(self) -> Vectors:
        """Those of the neutral texts that were recorded; the rest cannot be encoded here."""
        plain = {_plain(noun): vector for noun, vector in reversed(self.nouns.items())}
        wanted = (text.split(" ", 1)[1] for text in neutral_texts())
        return np.stack([plain[noun] for noun in wanted if noun in plain])

    def kinds(self) -> list[Kind]:
        """Photos, small libraries of them, and CIFAR's pictures."""
        texts = self.texts()
        small = [question for size in SIZES for question in self._of_photos(size)]
        every = {"CLIP, photos": self._of_photos(None), "CLIP, few photos": small, "CLIP, CIFAR-10": self._of_cifar()}
        return [Kind(name, tuple(questions), texts, 100.0) for name, questions in every.items()]

    def _of_photos(self, size: int | None) -> Iterator[Question]:
        draw = np.random.default_rng(size or 0)
        for one in shown():
            right = self.photos[list(one.pictures)]
            wrong = np.setdiff1d(self.photos, self.photos[[*one.pictures, *one.perhaps]])
            if size is not None:
                right, wrong = draw.choice(right, 1), draw.choice(wrong, size, replace=False)
            yield from self._asked(one.noun, right, draw.permutation(wrong))
        for noun in nowhere():
            yield self._question(noun, draw.choice(self.photos, size or MOST_PHOTOS, replace=False), 0)

    def _of_cifar(self) -> Iterator[Question]:
        draw = np.random.default_rng(0)
        for name, nouns in CIFAR_NOUNS.items():
            right = np.flatnonzero(self.classes == name)
            wrong = np.setdiff1d(self.cifar, right)
            for noun, count in product(nouns, (1, 3, 10, len(right))):
                yield from self._asked(noun, draw.choice(right, count, replace=False), draw.permutation(wrong))
        for noun in not_in_cifar():
            yield self._question(noun, draw.choice(self.cifar, len(wrong), replace=False), 0)

    def _asked(self, noun: str, right: Rows, wrong: Rows) -> Iterator[Question]:
        """Of what is right and some of what is wrong; and of as many that are all wrong."""
        yield self._question(noun, np.r_[right, wrong[len(right) :]], len(right))
        yield self._question(noun, wrong, 0)

    def _question(self, noun: str, rows: Rows, right: int) -> Question:
        """The first `right` rows are."""
        return Question(_plain(noun), self.nouns[noun], self.pictures[rows], np.arange(right))


class Mini:
    """`mini` on the pictures held out from its training; `folder` holds train-128.zip."""

    def __init__(self, folder: Path) -> None:
        data = TrainingSet(folder)
        self._encoder = load_encoder("mini", device=Device.CPU)
        self._samples = [sample for sample in data.samples if sample.held_out]
        self._pictures = encode_pixels(self._encoder, [np.asarray(data.image(sample)) for sample in self._samples])

    def kinds(self) -> list[Kind]:
        """Everyday words, as they are typed, and captions that each look for their own picture."""
        texts = self._encoder.encode_texts(neutral_texts())
        scale = self._encoder.info.logit_scale or 1.0
        asked = {"mini, words": self._of_words(), "mini, captions": self._of_captions()}
        return [Kind(name, tuple(asked[name]), texts, scale, names=name == "mini, words") for name in asked]

    def _of_words(self) -> Iterator[Question]:
        forms = ("{}", "a photo of a {}", "a photo without a {}")
        queries = (self._encoder.encode_texts([form.format(word.text) for word in WORDS]) for form in forms)
        draw = np.random.default_rng(0)
        for word, query, *others in zip(WORDS, *queries, strict=True):
            judged = np.array([word.judge(sample) for sample in self._samples], object)
            right, wrong = np.flatnonzero(judged == True), np.flatnonzero(judged == False)  # noqa: E712 - None is neither
            library = self._pictures[np.r_[right, draw.permutation(wrong)]]
            yield from _with_and_without(word.text, query, library, len(right), others)

    def captions(self, *, among_all: bool = False) -> list[Captioned]:
        """Each caption its own picture, among those with captions or all that were held out."""
        rows = [row for row, sample in enumerate(self._samples) if sample.captions]
        library = self._pictures if among_all else self._pictures[rows]
        asked = []
        for picture, row in enumerate(rows):
            texts = [tidy(caption) for caption in self._samples[row].captions]
            right = np.array([row if among_all else picture])
            for text, query in zip(texts, self._encoder.encode_texts(texts), strict=True):
                asked.append(Captioned(text, picture, Question(texts[0], query, library, right)))
        return asked

    def _of_captions(self) -> Iterator[Question]:
        rows = [row for row, sample in enumerate(self._samples) if sample.captions]
        for row in rows:
            library = self._pictures[[row, *(other for other in rows if other != row)]]
            captions = [tidy(caption) for caption in self._samples[row].captions]
            for query in self._encoder.encode_texts(captions):
                yield from _with_and_without(captions[0], query, library, 1)


def _with_and_without(
    noun: str, query: Vectors, library: Vectors, right: int, forms: Sequence[Vectors | None] = (None, None)
) -> Iterator[Question]:
    """Asked of the library, whose first rows are `right`, less as many others; and of it without those."""
    yield Question(noun, query, library[: len(library) - right], np.arange(right), *forms)
    yield Question(noun, query, library[right:], np.arange(0), *forms)


def _plain(noun: str) -> str:
    return re.sub(r"[_ ]*\(.*\)", "", noun).replace("_", " ").lower()
