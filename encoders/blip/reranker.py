"""BLIP's image-text matching behind core's Reranker Protocol.

The protocol of BLIP's own evaluation (train_retrieval.py): the match head on the first token, [ENC], of the text read
with the picture at hand, and beside it the cosine of the text read alone ([CLS] first) and the picture's class token.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import PictureFeatures, Pixels
from core.models import ModelTask, RerankerInfo
from core.protocols import MatchScores
from encoders.blip.model import BlipModel
from encoders.blip.words import Tokens, clean_caption, tokenize
from encoders.device import multiplying

if TYPE_CHECKING:
    import torch

_PICTURES_AT_ONCE = 4
_PAIRS_AT_ONCE = 16


class BlipReranker(BlipModel):
    """Scores pairs of a text and a picture; loads when first asked."""

    task = ModelTask.RERANK

    def see(self, pixels: Pixels) -> PictureFeatures:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float16 (n, tokens, width).

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged.
        """
        self.check(pixels)
        rows = [np.empty((0, self.shape.tokens, self.shape.width), np.float16)]
        for start in range(0, len(pixels), _PICTURES_AT_ONCE):
            batch = self.normalised(pixels[start : start + _PICTURES_AT_ONCE])
            with multiplying(self.placement):
                seen = self.loaded.vision_model(pixel_values=batch).last_hidden_state
                rows.append(seen.half().cpu().numpy())
        return np.concatenate(rows)

    def match(self, texts: Sequence[str], features: PictureFeatures) -> MatchScores:
        """Pair i is texts[i] with features[i]; either may have length 1, and then meets all of the other.

        Raises:
            ValueError: neither as many nor one.
            ModelError: the weights are damaged.
        """
        import torch

        count = _pairs(len(texts), len(features))
        unique = list(dict.fromkeys(texts))
        which = {text: number for number, text in enumerate(unique)}
        tokens = tokenize(self.tokenizer, [clean_caption(text) for text in unique or [""]])
        itm, itc = np.empty((count, 2), np.float32), np.empty(count, np.float32)
        for start in range(0, count, _PAIRS_AT_ONCE):
            pairs = range(start, min(start + _PAIRS_AT_ONCE, count))
            rows = [which[texts[pair % len(texts)]] for pair in pairs]
            seen = torch.from_numpy(np.stack([features[pair % len(features)] for pair in pairs]).astype(np.float32))
            part = Tokens(tokens.ids[rows], tokens.mask[rows])
            itm[start : start + len(rows)], itc[start : start + len(rows)] = self._score(part, seen)
        return MatchScores(itm, itc)

    def _score(self, tokens: Tokens, seen: "torch.Tensor") -> Any:  # noqa: ANN401
        from torch.nn.functional import normalize

        blip = self.loaded
        together = tokens.starting_with(blip.config.text_config.vocab_size - 1)
        with multiplying(self.placement):
            read = blip.text_encoder(
                input_ids=together.ids, attention_mask=together.mask, encoder_hidden_states=seen
            ).last_hidden_state
            itm = blip.itm_head(read[:, 0])
            alone = blip.text_encoder(input_ids=tokens.ids, attention_mask=tokens.mask).last_hidden_state
            text = normalize(blip.text_proj(alone[:, 0]), dim=-1)
            picture = normalize(blip.vision_proj(seen[:, 0]), dim=-1)
            return itm.float().cpu().numpy(), (text * picture).sum(-1).float().cpu().numpy()


def _pairs(texts: int, pictures: int) -> int:
    """How many pairs there are."""
    if not texts or not pictures:
        return 0
    if texts != pictures and 1 not in {texts, pictures}:
        raise ValueError(f"{texts} texts and {pictures} pictures make no pairs: give as many of both, or one of either")
    return max(texts, pictures)


__all__ = ["BlipReranker", "RerankerInfo"]
