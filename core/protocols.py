"""The small contracts between packages.

Hand-written fakes live in tests/fakes.py; contract tests run over every implementation.
"""

from collections.abc import Sequence
from typing import Protocol

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo


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
