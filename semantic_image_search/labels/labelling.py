"""Labels for pictures, and tags for a library from the vectors that it has: no picture is opened for that.

How well a label fits is `searcher.labels`', what a tag is on disk is `db`'s; here the two meet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError, WrongModel
from core.indexing import Progress
from core.tags import TagReport
from searcher.answer import encoder_for
from searcher.label_sets import SETS, UNNAMED, LabelSet, find_set, make_set
from searcher.labels import count_labels, make_judge
from searcher.search import text_notices
from semantic_image_search.labels.cache import kept_vectors
from semantic_image_search.labels.selection import Selection, row_blocks
from semantic_image_search.queries import fitted_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.arrays import Vectors
    from core.indexing import ProgressListener
    from core.protocols import Encoder
    from core.tags import TagBlock
    from db import LibraryReader
    from db.records import SpaceInfo
    from searcher.labels import Judge, Label
    from semantic_image_search.library.opened import OpenedLibrary
    from semantic_image_search.queries import PictureLike

MANY_LABELS = 20
"""From so many on, what fits none of them is mostly spread over all; among fewer, one of them always stands out."""

LEAST_AMONG_MANY, LEAST_AMONG_FEW = 0.3, 0.5
"""Probabilities that make a tag; the second: more probable than all other labels of the set together."""


class Labeller:
    """Finds the labels that fit pictures.

    Args:
        encoder: both towers of a model.
        sets: of labels to choose from, each for itself.
        or_none: whether a picture may show none of them: everyday words then compete with them.
        listener: hears how far the encoding of the labels is, which can take minutes.
    """

    def __init__(
        self, encoder: Encoder, sets: Sequence[LabelSet], *, or_none: bool = False, listener: ProgressListener
    ) -> None:
        self._encoder = encoder
        self.sets = tuple(sets)
        self.or_none = tuple(or_none or len(one.labels) == 1 for one in sets)
        self._judges = [
            _judge(encoder, one, or_none=none, listener=listener) for one, none in zip(sets, self.or_none, strict=True)
        ]
        told = [notice for one in sets for notice in label_notices(encoder, one, told=or_none)]
        self.notices = tuple(dict.fromkeys(told))

    def best(self, pictures: Sequence[PictureLike], k: int) -> list[tuple[tuple[Label, ...], ...]]:
        """For each picture and each set the k labels that fit best, best first.

        Raises:
            PictureProblem: a picture cannot be read.
        """
        return self.best_of(self._encoder.encode_pixels(fitted_all(pictures, self._encoder.info.preprocess)), k)

    def best_of(self, vectors: Vectors, k: int) -> list[tuple[tuple[Label, ...], ...]]:
        """As `best`, of pictures that are vectors already, float32 (n, dim), unit rows."""
        return list(zip(*(judge.best(vectors, k) for judge in self._judges), strict=True))


def label_notices(encoder: Encoder, labels: LabelSet, *, told: bool) -> tuple[str, ...]:
    """What a person should know of these labels and this model.

    Args:
        encoder: of the model.
        labels: to choose from.
        told: whether "none of these" was asked for.
    """
    notices = [] if labels.name in SETS else text_notices(encoder, labels.labels)
    if len(labels.labels) == 1 and not told:
        notices.append("a single label would always have the probability 1: everyday words compete with it here")
    if encoder.info.logit_scale is None:
        notices.append(f"{encoder.info.name} says no scale for its cosines: there are no probabilities, only cosines")
    return tuple(dict.fromkeys(notices))


def labels_of(labels: str | Sequence[str] | LabelSet) -> LabelSet:
    """A built-in set by its name, a set of one's own, or labels as they come.

    Raises:
        UsageError: no such set, or labels that cannot be used.
    """
    if isinstance(labels, LabelSet):
        return labels
    return find_set(labels) if isinstance(labels, str) else make_set(UNNAMED, labels)


@dataclass(frozen=True, slots=True)
class Tagging:
    """What is to be tagged, and from how probable a label on.

    Raises:
        UsageError: `least` is no probability above 0.
    """

    labels: LabelSet
    least: float | None = None  # None: as `threshold` says
    or_none: bool | None = None  # None: for labels of a person's own
    selection: Selection = field(default_factory=Selection)
    dry_run: bool = False

    def __post_init__(self) -> None:
        if self.least is not None and not 0.0 < self.least <= 1.0:
            raise UsageError(f"a tag needs a probability above 0 and up to 1, and {self.least:g} is none")

    @property
    def may_be_none(self) -> bool:
        """Whether everyday words compete with the labels."""
        if self.or_none is None or len(self.labels.labels) == 1:
            return self.labels is not SETS.get(self.labels.name)
        return self.or_none

    @property
    def threshold(self) -> float:
        """The least probability that makes a tag."""
        if self.least is not None:
            return self.least
        many = self.may_be_none or len(self.labels.labels) >= MANY_LABELS
        return LEAST_AMONG_MANY if many else LEAST_AMONG_FEW


def tag_library(library: OpenedLibrary, tagging: Tagging, listener: ProgressListener) -> TagReport:
    """Tag the pictures by their vectors; see `Library.tag`.

    Everything is one transaction: stopped in the middle, the library has the tags it had before.
    """
    from db import open_reader, open_writer

    with open_reader(library.path) as reader:
        space = reader.active_space()
        encoder = encoder_for(space, lambda: library.encoders.of(space))
        if encoder.info.logit_scale is None:
            raise UsageError(
                f"{encoder.info.name} says no scale for its cosines, so there are no probabilities to tag by: "
                "`search label` shows the cosines"
            )
        # before the lock is taken: it may take minutes
        judge = _judge(encoder, tagging.labels, or_none=tagging.may_be_none, listener=listener)
    counts = np.zeros(len(tagging.labels.labels), np.int64)
    run = _Run(tagging, space, judge, listener)
    if tagging.dry_run:
        with open_reader(library.path) as reader:
            for _ in count_labels(run.blocks(reader), counts):
                pass
    else:
        with open_writer(library.path, command="tag") as writer, open_reader(library.path) as reader:
            found = count_labels(run.blocks(reader), counts)
            names, source = tagging.labels.labels, tagging.labels.name
            writer.set_tags(source, encoder.info.name, names, found, whole=source != UNNAMED)
            writer.finish_run({"tagged": run.tagged})
    named = zip(tagging.labels.labels, counts.tolist(), strict=True)
    return TagReport(
        source=tagging.labels.name,
        model=encoder.info.name,
        labels=len(counts),
        least=tagging.threshold,
        or_none=tagging.may_be_none,
        looked_at=run.looked_at,
        tagged=run.tagged,
        dry_run=tagging.dry_run,
        counts=tuple(sorted(((name, n) for name, n in named if n), key=lambda one: (-one[1], one[0]))),
        unknown=run.unknown,
        seconds=time.monotonic() - run.started,
        notices=label_notices(encoder, tagging.labels, told=bool(tagging.or_none)),
    )


def _judge(encoder: Encoder, labels: LabelSet, *, or_none: bool, listener: ProgressListener) -> Judge:
    def vectors_of(some: LabelSet) -> Vectors:
        return kept_vectors(encoder, some, listener)

    return make_judge(labels, scale=encoder.info.logit_scale, or_none=or_none, vectors_of=vectors_of)


class _Run:
    """One tagging run: what it finds, block by block, and how far it is."""

    def __init__(self, tagging: Tagging, space: SpaceInfo, judge: Judge, listener: ProgressListener) -> None:
        self._tagging = tagging
        self._space = space
        self._judge = judge
        self._listener = listener
        self.started = time.monotonic()
        self.looked_at = 0
        self.tagged = 0
        self.unknown: tuple[bytes, ...] = ()

    def blocks(self, reader: LibraryReader) -> Iterator[TagBlock]:
        """What is found, for every picture of the selection that has a vector."""
        space = reader.active_space()
        if space.id != self._space.id:
            raise WrongModel(f"the library changed from {self._space.name} to {space.name} meanwhile: tag again")
        chosen = self._tagging.selection.chosen(reader, space)
        self.unknown = chosen.unknown
        for rows, images in row_blocks(reader, space, chosen):
            block = self._judge.fitting(images, reader.vectors(space, rows), self._tagging.threshold)
            self.looked_at += len(images)
            self.tagged += len(np.unique(block.at))
            yield block
            self._listener(Progress("tag", self.looked_at, chosen.many))
