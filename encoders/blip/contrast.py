"""BLIP's two towers apart, behind core's Encoder Protocol: what BLIP's own evaluation takes its first candidates by.

The cosine of the two projections (ITC) is a rough first stage like CLIP's. No library is made with it; it is there so
that the paper's figures can be had by the paper's own protocol.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo
from encoders.blip.reranker import BlipReranker
from encoders.blip.rows import CONTEXT_LENGTH
from encoders.blip.words import clean_caption, tokenize
from encoders.device import multiplying
from encoders.text import cut_off

if TYPE_CHECKING:
    import torch

_TEXTS_AT_ONCE = 64


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
        import torch

        first = self.blip.see(pixels)[:, 0].astype(np.float32)
        if not len(first):
            return np.empty((0, self.blip.shape.dim), np.float32)
        return self._unit("vision_proj", torch.from_numpy(first).to(self.blip.placement.device))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts, cleaned as BLIP's authors clean captions, to float32 (n, dim), unit rows."""
        rows = [np.empty((0, self.blip.shape.dim), np.float32)]
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            cleaned = [clean_caption(text) for text in texts[start : start + _TEXTS_AT_ONCE]]
            tokens = tokenize(self.blip.tokenizer, cleaned)
            device = self.blip.placement.device
            with multiplying(self.blip.placement):
                read = self.blip.loaded.text_encoder(
                    input_ids=tokens.ids.to(device), attention_mask=tokens.mask.to(device)
                ).last_hidden_state
            rows.append(self._unit("text_proj", read[:, 0].float()))
        return np.concatenate(rows)

    def cut_off(self, text: str) -> str:
        """The end of `text` that does not fit 35 tokens; empty where all of it fits."""

        def padded(texts: Sequence[str], context_length: int) -> "torch.Tensor":
            ids: torch.Tensor = self.blip.tokenizer(
                list(texts), padding="max_length", truncation=True, max_length=context_length, return_tensors="pt"
            )["input_ids"]
            return ids

        return cut_off(text, padded, CONTEXT_LENGTH)

    def _unit(self, projection: str, rows: "torch.Tensor") -> Vectors:
        from torch.nn.functional import normalize

        with multiplying(self.blip.placement):
            vectors: Vectors = normalize(getattr(self.blip.loaded, projection)(rows).float(), dim=-1).cpu().numpy()
        return vectors
