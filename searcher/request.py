"""What one question consists of, checked the moment it is put. Turning it into a vector is `compose`'s."""

import math
from dataclasses import dataclass, field

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import UsageError
from core.queries import Fusion, Page, Rerank, SearchMode


@dataclass(frozen=True, slots=True, eq=False)
class SearchRequest:
    """A search by words, by example, by a vector, or by a mixture of them.

    Raises:
        UsageError: nothing to search for, numbers out of range, or a vector that is no direction.
    """

    text: str | None = None
    images: tuple[Pixels, ...] = ()  # uint8 (height, width, 3), each fitted by the encoder's Preprocess
    like: Vectors | None = None  # pictures whose vectors are known, float32 (n, dim), unit rows; as `images`
    vector: Vectors | None = None  # (dim,) any length but zero; weighs as much as the text
    not_texts: tuple[str, ...] = ()
    not_images: tuple[Pixels, ...] = ()  # as `images`
    unlike: Vectors | None = None  # as `like`
    image_weight: float = 1.0
    not_weight: float = 0.5
    page: Page = field(default_factory=Page)
    rerank: Rerank = field(default_factory=Rerank)  # reads the text, and nothing of the rest
    mode: SearchMode = SearchMode.HYBRID

    def __post_init__(self) -> None:
        _check_weight("image weight", self.image_weight)
        _check_weight("not weight", self.not_weight)
        if self.vector is not None:
            _check_vector(self.vector)
        if any(not text.strip() for text in self.not_texts):
            raise UsageError("an empty text cannot be kept away from: say what the pictures should not show")
        if not self.words and not self.examples and self.vector is None:
            unwanted = self.not_texts or self.counter_examples
            what = "only what not to find was given" if unwanted else "the query is empty"
            raise UsageError(f"{what}: say what to look for, in words, with a picture or with a vector")
        if self.mode is SearchMode.TEXT:
            self._check_text_alone()
        if self.rerank.depth and not self.words:
            raise UsageError("a reranker reads words, and the query has none: add some, or leave reranking out")

    @property
    def words(self) -> str:
        """The text without the space around it; empty where there is none."""
        return (self.text or "").strip()

    @property
    def examples(self) -> int:
        """Pictures that the hits should be like."""
        return len(self.images) + _rows(self.like)

    @property
    def counter_examples(self) -> int:
        """Pictures that the hits should not be like."""
        return len(self.not_images) + _rows(self.unlike)

    @property
    def only_words(self) -> bool:
        """True where nothing but words says what to look for, and no picture what not to."""
        return bool(self.words) and not self.examples and not self.counter_examples and self.vector is None

    @property
    def needs_encoder(self) -> bool:
        """False where vectors are all there is, or where words are looked up as they are."""
        read = self.words or self.images or self.not_texts or self.not_images
        return self.mode is not SearchMode.TEXT and bool(read)

    def describe(self) -> str:
        """The query in one line: the words alone where there are only words."""
        parts = [self.words] if self.words else []
        if self.vector is not None:
            parts.append("a vector")
        if self.examples:
            parts.append(_pictures(self.examples))
        without = [text.strip() for text in self.not_texts]
        if self.counter_examples:
            without.append(_pictures(self.counter_examples))
        return " + ".join(parts) + "".join(f" - {one}" for one in without)

    def _check_text_alone(self) -> None:
        if self.examples or self.counter_examples or self.vector is not None or self.not_texts:
            raise UsageError("text mode looks words up, and can do nothing with a picture, a vector or --not")
        if self.rerank.depth and self.rerank.fusion is Fusion.ITM_CLIP:
            raise UsageError("text mode computes no cosines that could be fused: choose another fusion")


@dataclass(frozen=True, slots=True, eq=False)
class LookupRequest:
    """A reverse lookup: which files of the library show this very picture, and what looks like it."""

    pixels: Pixels | None  # uint8 (height, width, 3), fitted by the encoder's Preprocess; None: there is no encoder
    rgb: Pixels  # uint8 (height, width, 3), as shown, longer side at most copies.COMPARE_SIDE
    size: tuple[int, int]  # (width, height) of the original, as shown
    content_hash: bytes | None = None  # of the whole file; None where there is only a picture in memory
    phash: int | None = None  # stands in for pixels where a candidate cannot be opened
    path: bytes | None = None  # where the file lies, absolute; finds itself among imported vectors
    name: str = ""  # what the answer calls the query
    page: Page = field(default_factory=Page)


def check_dim(vector: Vectors, dim: int, space: str) -> None:
    """Refuse a vector of another space.

    Raises:
        UsageError: the vector has another number of dimensions than the library's rows.
    """
    if vector.shape != (dim,):
        raise UsageError(f"the vector has shape {vector.shape}, and the library's {space} has {dim} dimensions")


def _rows(vectors: Vectors | None) -> int:
    return 0 if vectors is None else len(vectors)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _check_vector(vector: Vectors) -> None:
    if vector.ndim != 1 or vector.size == 0:
        raise UsageError(f"a query vector is one row of numbers, and this has shape {vector.shape}")
    if not np.isfinite(vector).all():
        raise UsageError("the query vector holds numbers that are not finite (nan or infinity)")
    if not float(np.linalg.norm(vector.astype(np.float64))) > 0.0:
        raise UsageError("the query vector has length zero, so it points nowhere")


def _check_weight(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0.0):
        raise UsageError(f"the {name} must be 0 or more, and is {value}")
