"""BLIP's two towers apart, behind core's Encoder Protocol: what BLIP's own evaluation takes its first candidates by.

The cosine of the two projections (ITC) is a rough first stage like CLIP's. No library is made with it; it is there so
that the paper's figures can be had by the paper's own protocol.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo
from encoders.blip.reranker import BlipReranker
from encoders.blip.rows import CONTEXT_LENGTH
from encoders.text import cut_off

if TYPE_CHECKING:
    import torch


class BlipContrast:
    """Vectors of BLIP's contrastive loss. Shares its weights with the reranker it is made of.

    Args:
        blip: a reranker; its `match` gives the same cosines, pair by pair.
    """

    def __init__(self, blip: BlipReranker) -> None:
        self.blip = blip

    @property
    def info(self) -> EncoderInfo:
        """Of the towers; the identity is not the reranker's."""
        known = self.blip.info
        return EncoderInfo(
            name=known.name,
            dim=self.blip.shape.dim,
            preprocess=known.preprocess,
            weights_hash=known.weights_hash,
            logit_scale=None,
            context_length=CONTEXT_LENGTH,
            languages=self.blip.spec.languages,
        )

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float32 (n, dim), unit rows."""
        return self.blip.picture_vectors(self.blip.see(pixels))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts, cleaned as BLIP's authors clean captions, to float32 (n, dim), unit rows."""
        return self.blip.text_vectors(texts)

    def cut_off(self, text: str) -> str:
        """The end of `text` that does not fit 35 tokens; empty where all of it fits."""

        def padded(texts: Sequence[str], context_length: int) -> "torch.Tensor":
            ids: torch.Tensor = self.blip.tokenizer(
                list(texts), padding="max_length", truncation=True, max_length=context_length, return_tensors="pt"
            )["input_ids"]
            return ids

        return cut_off(text, padded, CONTEXT_LENGTH)
