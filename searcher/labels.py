"""Zero-shot labels: how probable each label of a set is for a picture, from the cosines of their vectors.

As in CLIP (Radford et al. 2021, section 3.1.2 and 3.1.4): the mean of the unit vectors of a label's sentences, made a
unit again, times the picture's; softmax over the labels after the model's own scale. Pictures are vectors here already;
which words there are is `label_sets`'.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers, Vectors
from core.indexing import Progress, ProgressListener
from core.protocols import TextEncoder
from core.tags import TagBlock
from searcher.label_sets import SETS, LabelSet
from searcher.templates import fill

OTHER_THINGS = SETS["objects"].labels
"""What a picture may show where none of the labels fits."""

OTHER_TEMPLATE = "a photo of a {}."
"""One sentence for each of them: all seven take seven times as long, and told absent labels apart no better."""

ALIKE = 5
"""Of these words the ones nearest to a label mean the same or nearly (cat: tiger, leopard), and do not compete with it.
By number and not by cosine, since every model has cosines of its own; 3 or 10 hardly make a difference."""

LABELS_AT_ONCE = 64  # bounds the sentences in memory

VectorsOf = Callable[[LabelSet], Vectors]
"""The vectors of a set's labels, float32 (n, dim), unit rows."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label, and how well it fits a picture."""

    name: str
    score: float  # the cosine, -1 to 1
    probability: float | None  # among the labels of its set; None: the model says no scale


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Tells how well the labels of one set fit pictures.

    Attributes:
        names: the labels.
        vectors: theirs, float32 (n, dim), unit rows.
        scale: what the model multiplies cosines with; None: not known, and there are no probabilities.
        others: of what else a picture may show, float32 (m, dim), unit rows; m may be 0. Their probability is nobody's.
    """

    names: tuple[str, ...]
    vectors: Vectors
    scale: float | None
    others: Vectors

    def probabilities(self, cosines: NDArray[np.float32], pictures: Vectors) -> NDArray[np.float32]:
        """Float32 (p, n): each row sums to 1, or to less where there are others.

        Args:
            cosines: of pictures and labels, float32 (p, n).
            pictures: float32 (p, dim), unit rows.
        """
        if self.scale is None:
            raise ValueError("a model without a scale gives no probabilities")
        logits = self.scale * cosines
        others = self.scale * (pictures @ self.others.T)
        top = np.maximum(logits.max(axis=1), others.max(axis=1, initial=-np.inf))[:, np.newaxis]
        likely = np.exp(logits - top)
        rest = np.exp(others - top).sum(axis=1, keepdims=True)
        return np.asarray(likely / (likely.sum(axis=1, keepdims=True) + rest), np.float32)

    def best(self, pictures: Vectors, k: int) -> list[tuple[Label, ...]]:
        """The k labels that fit best, best first, for each picture of float32 (p, dim), unit rows."""
        cosines = np.asarray(pictures @ self.vectors.T, np.float32)
        likely = None if self.scale is None else self.probabilities(cosines, pictures)
        return [
            tuple(
                Label(
                    self.names[n],
                    round(float(cosines[row, n]), 6),
                    None if likely is None else round(float(likely[row, n]), 6),
                )
                for n in np.argsort(-cosines[row], kind="stable")[:k]
            )
            for row in range(len(pictures))
        ]

    def fitting(self, images: RowNumbers, pictures: Vectors, least: float) -> TagBlock:
        """Every label with a probability of at least `least`, for pictures float32 (p, dim) with these image ids."""
        likely = self.probabilities(np.asarray(pictures @ self.vectors.T, np.float32), pictures)
        at, labels = np.nonzero(likely >= least)
        return TagBlock(images, at.astype(np.int64), labels.astype(np.int64), likely[at, labels])


def make_judge(labels: LabelSet, *, scale: float | None, or_none: bool, vectors_of: VectorsOf) -> Judge:
    """The judge of a set of labels.

    Args:
        labels: to choose from.
        scale: what the model multiplies cosines with.
        or_none: whether a picture may show something else.
        vectors_of: gives the vectors of a set's labels: `label_vectors`, or what is kept of it.
    """
    vectors = vectors_of(labels)
    others = without_nearest(vectors_of(OTHERS), vectors) if or_none else vectors[:0]
    return Judge(labels.labels, vectors, scale, others)


OTHERS = LabelSet("others", OTHER_THINGS, (OTHER_TEMPLATE,))


def label_vectors(encoder: TextEncoder, labels: LabelSet, listener: ProgressListener) -> Vectors:
    """The mean of the vectors of each label's sentences, made unit: float32 (n, dim)."""
    rows = [np.empty((0, encoder.info.dim), np.float32)]
    for start in range(0, len(labels.labels), LABELS_AT_ONCE):
        listener(Progress("labels", start, len(labels.labels)))
        some = labels.labels[start : start + LABELS_AT_ONCE]
        sentences = [fill(template, label) for label in some for template in labels.templates]
        mean = encoder.encode_texts(sentences).reshape(len(some), len(labels.templates), -1).mean(axis=1)
        rows.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
    return np.concatenate(rows)


def without_nearest(others: Vectors, labels: Vectors) -> Vectors:
    """Those of `others`, float32 (m, dim), that are not among the ALIKE nearest to any of `labels`, (n, dim)."""
    nearest = np.argsort(-(others @ labels.T), axis=0)[:ALIKE]
    keep = np.ones(len(others), np.bool_)
    keep[nearest] = False
    return np.asarray(others[keep], np.float32)


def count_labels(blocks: Iterable[TagBlock], counts: NDArray[np.int64]) -> Iterator[TagBlock]:
    """The same blocks; `counts`, int64 (labels,), learns how many pictures each label was given to."""
    for block in blocks:
        counts += np.bincount(block.labels, minlength=len(counts))
        yield block
