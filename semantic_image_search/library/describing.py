"""Saying what a picture shows, whether or not the library holds it: texts, answers, labels, vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core.indexing import silent
from semantic_image_search.arguments import rerank_of
from semantic_image_search.library.opened import OpenedLibrary
from semantic_image_search.queries import fitted_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Vectors
    from core.descriptions import AskResult, DescribeResult
    from searcher.label_sets import LabelSet
    from searcher.labels import Label
    from semantic_image_search.queries import PictureLike


class Describing(OpenedLibrary):
    """What a library's models make of a picture."""

    def describe(
        self,
        image: PictureLike,
        *,
        k: int = 5,
        rerank: int | Literal["auto", "off"] | None = "auto",
        generate: bool = True,
    ) -> DescribeResult:
        """The texts that fit a picture best, best first, whether or not the library holds it.

        They are the library's captions nearest to it, the picture's own, and one that the captioner writes, where its
        weights are here. Nothing is fetched unasked.

        Args:
            image: a path, a PIL image or uint8 (height, width, 3).
            k: how many.
            rerank: texts that the reranker looks at; "auto": as many as the budget lets it, where it is here.
            generate: let the captioner write one.

        Raises:
            PictureProblem: the picture cannot be read.
            UsageError: k or rerank is out of range.
            WeightsMissing: the library's model, or the reranker asked for, is not here.
            WrongModel: as `search`.
        """
        from semantic_image_search.captions.describing import describe_picture

        return describe_picture(self, image, k=k, rerank=rerank_of(rerank), generate=generate)

    def ask(self, image: PictureLike, *questions: str) -> AskResult:
        """Questions about a picture, answered by a model (`answerer` of `open_library`, or the setting).

        Raises:
            PictureProblem: the picture cannot be read.
            UsageError: there is no question.
            UnknownModel, WeightsMissing, DeviceError: the model cannot be used.
        """
        from semantic_image_search.asking import ask_picture

        return ask_picture(self, image, questions)

    def label(
        self,
        images: Sequence[PictureLike | int],
        labels: str | Sequence[str] | LabelSet = "objects",
        *,
        k: int = 5,
        or_none: bool = False,
    ) -> list[tuple[Label, ...]]:
        """The k labels that fit best, best first, for each picture; the library need not hold it.

        Args:
            images: paths, PIL images, uint8 arrays, or numbers of pictures of the library: these are not opened.
            labels: a built-in set by its name, labels of your own, or `searcher.label_sets.make_set`'s.
            k: how many.
            or_none: whether a picture may show something else; everyday words then compete with the labels.

        Raises:
            PictureProblem: a picture cannot be read.
            UnknownPicture: the library has no picture of this number.
            UsageError: no such set, labels that cannot be used, or a picture that has no vector yet.
            WrongModel, WeightsMissing: the library's model cannot be used.
        """
        from semantic_image_search.examples import vectors_of
        from semantic_image_search.labels.labelling import Labeller, labels_of

        encoder = self.encoder()
        labeller = Labeller(encoder, [labels_of(labels)], or_none=or_none, listener=silent)
        return [best for (best,) in labeller.best_of(vectors_of(images, encoder, self._reader), k)]

    def encode_images(self, images: Sequence[PictureLike]) -> Vectors:
        """Pictures to float32 (n, dim), unit rows, with the library's model."""
        encoder = self.encoder()
        return encoder.encode_pixels(fitted_all(images, encoder.info.preprocess))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Texts to float32 (n, dim), unit rows, with the library's model."""
        return self.encoder().encode_texts(texts)
