"""BLIP's image-text matching behind core's Reranker Protocol.

The protocol of BLIP's own evaluation (train_retrieval.py): the match head on the first token, [ENC], of the text read
with the picture at hand, and beside it the cosine of the text read alone ([CLS] first) and the picture's class token.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import PictureFeatures, Pixels, Vectors
from core.errors import ModelError
from core.protocols import MatchScores
from encoders.blip.build import how_to_mend_blip
from encoders.blip.model import BlipModel
from encoders.blip.text import TextTower
from encoders.blip.words import Tokens, clean_caption, tokenize

if TYPE_CHECKING:
    import torch

# Measured on a CPU with the base shapes: 0.66, 0.63, 0.73 s a picture for 1, 2, 4 at once; 0.072, 0.044, 0.040, 0.038,
# 0.037 s a pair for 1, 4, 8, 16, 32. On a GPU a hundred candidates are one batch.
_PICTURES_AT_ONCE = {"cpu": 2}
_PAIRS_AT_ONCE = {"cpu": 16}
_TEXTS_AT_ONCE = 128  # read alone or with one picture, whose keys are made once a batch


class BlipReranker(BlipModel):
    """Scores pairs of a text and a picture; loads when first asked.

    In float32 its scores are those of transformers' forward to 1e-4 for features as `see_exactly` gives them. Features
    kept as float16 moved a logit of the tests' BLIP by 1.6e-3 at most; docs/blip.md has what bfloat16 does.
    """

    _text: TextTower | None = None

    def see(self, pixels: Pixels) -> PictureFeatures:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float16 (n, tokens, width).

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged.
        """
        return self.see_exactly(pixels).astype(np.float16)

    def see_exactly(self, pixels: Pixels) -> NDArray[np.float32]:
        """As `see`, in float32: twice the memory, for what is not kept."""
        self.check(pixels)
        seen = np.empty((len(pixels), self.shape.tokens, self.shape.width), np.float32)
        at_once = _PICTURES_AT_ONCE.get(self.placement.device, 32)
        for start in range(0, len(pixels), at_once):
            part = slice(start, start + at_once)
            seen[part] = self.look(pixels[part]).float().cpu().numpy()
        return seen

    def match(self, texts: Sequence[str], features: PictureFeatures | NDArray[np.float32]) -> MatchScores:
        """Pair i is texts[i] with features[i]; either may have length 1, and then meets all of the other.

        Raises:
            ValueError: neither as many nor one, or the features of another model.
            ModelError: the weights are damaged, or give values that are not finite.
        """
        import torch

        count = _count_pairs(len(texts), len(features))
        if features.shape[1:] != (self.shape.tokens, self.shape.width):
            raise ValueError(
                f"{self.spec.name} takes features (n, {self.shape.tokens}, {self.shape.width}), not {features.shape}"
            )
        itm, itc = np.empty((count, 2), np.float32), np.empty(count, np.float32)
        if not count:
            return MatchScores(itm, itc)
        unique = list(dict.fromkeys(texts))
        number_of = {text: number for number, text in enumerate(unique)}
        owns = np.resize([number_of[text] for text in texts], count)  # which text is whose
        tokens = tokenize(self.tokenizer, [clean_caption(text) for text in unique])
        with torch.inference_mode():
            alone = self._alone(tokens)
            for pairs in _batches(tokens, owns, self._pairs_at_once(len(features))):
                seen = torch.from_numpy(np.array(features if len(features) == 1 else features[pairs]))
                itm[pairs] = self._together(_some(tokens, owns[pairs]), seen).float().cpu().numpy()
                itc[pairs] = (alone[owns[pairs]] * self._own(seen)).sum(-1).float().cpu().numpy()
        if not (np.isfinite(itm).all() and np.isfinite(itc).all()):
            raise ModelError(f"{self.spec.name} gives values that are not finite: {how_to_mend_blip(self.spec)}")
        return MatchScores(itm, itc)

    def text_vectors(self, texts: Sequence[str]) -> Vectors:
        """Texts read alone, for the cosine of `match`: float32 (n, dim), unit rows."""
        import torch

        if not texts:
            return np.empty((0, self.shape.dim), np.float32)
        with torch.inference_mode():
            alone: Vectors = (
                self._alone(tokenize(self.tokenizer, [clean_caption(text) for text in texts])).cpu().numpy()
            )
        return alone

    def picture_vectors(self, features: PictureFeatures | NDArray[np.float32]) -> Vectors:
        """Pictures as they were seen, for the cosine of `match`: float32 (n, dim), unit rows."""
        import torch

        with torch.inference_mode():
            own: Vectors = self._own(torch.from_numpy(np.array(features[:, :1]))).cpu().numpy()
        return own

    def _pairs_at_once(self, pictures: int) -> int:
        return _TEXTS_AT_ONCE if pictures == 1 else _PAIRS_AT_ONCE.get(self.placement.device, 128)

    @property
    def text(self) -> TextTower:
        """The text tower, read on first use."""
        with self.lock:
            if self._text is None:
                blip = self.rest
                self._text = TextTower(blip.text_encoder, heads=self.shape.text_heads, arithmetic=self.arithmetic)
                del blip.text_encoder  # `TextTower` has what it needs of it
                self.arithmetic.keep(blip)  # the heads
            return self._text

    def _together(self, tokens: Tokens, seen: "torch.Tensor") -> "torch.Tensor":
        """The match head's logits, (n, 2)."""
        first = self.text.together(tokens.starting_with(self.shape.vocabulary - 1), seen)
        logits: torch.Tensor = self.rest.itm_head(first)
        return logits

    def _alone(self, tokens: Tokens) -> "torch.Tensor":
        """Unit vectors of texts, (n, dim)."""
        import torch

        alone = torch.empty(len(tokens.ids), self.shape.dim, device=self.placement.device)
        for rows in _batches(tokens, np.arange(len(tokens.ids)), _TEXTS_AT_ONCE):
            first = self.text.alone(_some(tokens, rows))
            alone[torch.from_numpy(rows)] = torch.nn.functional.normalize(self.rest.text_proj(first), dim=-1)
        return alone

    def _own(self, seen: "torch.Tensor") -> "torch.Tensor":
        """Unit vectors of pictures, (n, dim)."""
        from torch.nn.functional import normalize

        return normalize(self.rest.vision_proj(seen[:, 0].to(self.placement.device).float()), dim=-1)


def _count_pairs(texts: int, pictures: int) -> int:
    """How many pairs there are."""
    if not texts or not pictures:
        return 0
    if texts != pictures and 1 not in {texts, pictures}:
        raise ValueError(f"{texts} texts and {pictures} pictures make no pairs: give as many of both, or one of either")
    return max(texts, pictures)


def _batches(tokens: Tokens, owns: NDArray[np.int64], at_once: int) -> Iterator[NDArray[np.int64]]:
    """Pairs that go together: those with texts of like length, so that little padding is read."""
    order = np.argsort(tokens.mask.sum(1).numpy()[owns], kind="stable")
    for start in range(0, len(order), at_once):
        yield order[start : start + at_once]


def _some(tokens: Tokens, rows: NDArray[np.int64]) -> Tokens:
    """Some of the texts, as long as the longest of them."""
    ids, mask = tokens.ids[rows], tokens.mask[rows]
    longest = int(mask.sum(1).max())
    return Tokens(ids[:, :longest], mask[:, :longest])
