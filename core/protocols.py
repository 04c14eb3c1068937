"""The small contracts between packages.

Hand-written fakes live in tests/fakes.py; contract tests run over every implementation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.arrays import PictureFeatures, Pixels, Vectors
from core.models import EncoderInfo, RerankerInfo


class ImageEncoder(Protocol):
    """Pixels to vectors."""

    @property
    def info(self) -> EncoderInfo:
        """Name, dim, preprocessing and identity; must not load the weights twice."""
        ...

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float32 (n, dim), unit rows.

        n may be 0. Deterministic: the same pixels give the same vector, alone or in a batch, to 1e-3.
        """
        ...


@runtime_checkable
class Batching(Protocol):
    """An encoder that knows how many pictures it is quickest with."""

    @property
    def batch_size(self) -> int:
        """The pictures that a batch should have for the device to be busy; may start a GPU, which takes seconds."""
        ...


class TextEncoder(Protocol):
    """Texts to vectors of the same space."""

    @property
    def info(self) -> EncoderInfo:
        """The same as the image encoder's of this space."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts to float32 (n, dim), unit rows. What does not fit the context is cut."""
        ...

    def cut_off(self, text: str) -> str:
        """The end of `text` that does not fit the context length; empty where all of it fits."""
        ...


class Encoder(ImageEncoder, TextEncoder, Protocol):
    """Both towers of one model."""


@runtime_checkable
class TextMemory(Protocol):
    """What a text encoder may have besides: it keeps the vectors of texts that every library asks for."""

    def recall(self, texts: Sequence[str]) -> Vectors | None:
        """The vectors of exactly these texts, float32 (n, dim), unit rows; None where they are not kept."""
        ...

    def remember(self, texts: Sequence[str], rows: Vectors) -> None:
        """Keep the vectors of these texts, float32 (n, dim), where that can be done."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class MatchScores:
    """What a reranker thinks of n pairs.

    Attributes:
        itm: float32 (n, 2), the image-text-matching head's logits: no match, match.
        itc: float32 (n,), its own cosine of picture and text, -1 to 1.
    """

    itm: NDArray[np.float32]
    itc: NDArray[np.float32]

    @property
    def probability(self) -> NDArray[np.float32]:
        """That the text fits the picture: softmax of the logits, float32 (n,)."""
        no, yes = self.itm[:, 0].astype(np.float64), self.itm[:, 1].astype(np.float64)
        return np.asarray(np.exp(-np.logaddexp(0.0, no - yes)), np.float32)


class Reranker(Protocol):
    """Reads a text and looks at a picture together, pair by pair. Slow and right, where cosines are fast and rough."""

    @property
    def info(self) -> RerankerInfo:
        """Name, preprocessing and identity; must not load the weights twice."""
        ...

    def see(self, pixels: Pixels) -> PictureFeatures:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float16 (n, tokens, width); n may be 0.

        The expensive half; what it gives may be kept and used for any text.
        """
        ...

    def match(self, texts: Sequence[str], features: PictureFeatures) -> MatchScores:
        """Pair i is texts[i] with features[i]; either may have length 1, and then meets all of the other.

        What does not fit the context is cut. Deterministic: a pair's scores are the same, alone or in a batch, to 1e-4
        in float32.
        """
        ...


class Captioner(Protocol):
    """Writes what it sees in a picture."""

    @property
    def info(self) -> RerankerInfo:
        """Name and preprocessing; `tokens` and `width` are those of its vision tower."""
        ...

    def write(self, pixels: Pixels) -> list[str]:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to n captions, the best by beam search."""
        ...


class Answerer(Protocol):
    """Answers questions about a picture."""

    @property
    def info(self) -> RerankerInfo:
        """Name and preprocessing; `tokens` and `width` are those of its vision tower."""
        ...

    def answer(self, pixels: Pixels, questions: Sequence[str]) -> list[str]:
        """Answers to n questions about one picture, uint8 (height, width, 3) RGB fitted by `info.preprocess`."""
        ...
