"""Scores of the tiny BLIP by transformers' own forward, and what share of its comparisons come out right.

The plain way, a pair at a time as far as the arithmetic goes: a reference for anything faster. Of training this module
knows nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tests.tiny_blip import MODEL_FOLDER
from tests.tiny_blip.drawings import draw
from tests.tiny_blip.scenes import UNSEEN_THINGS, make_pairs, make_scenes, swapped

if TYPE_CHECKING:
    from PIL.Image import Image

BATCH = 100


@dataclass(frozen=True)
class TinyBlip:
    """transformers' BlipForImageTextRetrieval and BlipProcessor, loaded from a folder."""

    model: Any
    processor: Any

    @classmethod
    def load(cls, folder: Path = MODEL_FOLDER) -> "TinyBlip":
        """From a local folder alone; float32, on the CPU."""
        from transformers import BlipForImageTextRetrieval, BlipProcessor

        model = BlipForImageTextRetrieval.from_pretrained(folder, local_files_only=True)
        return cls(model.eval(), BlipProcessor.from_pretrained(folder, local_files_only=True))

    @property
    def enc_token(self) -> int:
        """The id of [ENC], BLIP's first token where text meets pictures: the last row of the word embedding.

        The tokenizer does not have it, and transformers puts [CLS] in its place (30523 in the published vocabulary).
        """
        return int(self.model.config.text_config.vocab_size) - 1

    def match(
        self, pictures: "Sequence[Image]", captions: Sequence[str], *, enc: bool = True
    ) -> npt.NDArray[np.float32]:
        """The ITM head's probability that caption i fits picture i: float32 (n,).

        Args:
            pictures: of any size.
            captions: as many.
            enc: whether [ENC] takes the place of [CLS], as in training.
        """
        import torch

        scores = []
        for start in range(0, len(captions), BATCH):
            part = slice(start, start + BATCH)
            inputs = self.processor(
                images=list(pictures[part]), text=list(captions[part]), padding=True, return_tensors="pt"
            )
            if enc:
                inputs["input_ids"][:, 0] = self.enc_token
            with torch.inference_mode():
                scores.append(self.model(**inputs, use_itm_head=True).itm_score.softmax(-1)[:, 1].numpy())
        return np.concatenate(scores)

    def cosines(self, pictures: "Sequence[Image]", captions: Sequence[str]) -> npt.NDArray[np.float32]:
        """BLIP's ITC: the cosine of every picture and every caption, float32 (pictures, captions)."""
        import torch

        inputs = self.processor(images=list(pictures), text=list(captions), padding=True, return_tensors="pt")
        with torch.inference_mode():
            cosines: npt.NDArray[np.float32] = self.model(**inputs, use_itm_head=False).itm_score.numpy()
        return cosines


@dataclass(frozen=True)
class Figures:
    """What the tiny BLIP is worth on drawings kept from training; shares between 0 and 1.

    Attributes:
        swaps: drawings whose caption scores higher than the swapped one.
        swaps_new_pairs: the same, of things that training showed, though never together.
        swaps_new_things: the same, where training never showed one of the two.
        swaps_by_cosine: as `swaps`, by the ITC cosine.
        match: mean probability of the true caption.
        match_swapped: mean probability of the swapped one.
        first: captions whose own drawing comes first among 100, half of them the other half's swapped.
        first_by_cosine: the same, by the ITC cosine.
        wrong_at_80: captions that find some drawing though their own is taken away, by the cut-off that finds 80% of
            those that are there.
    """

    swaps: float
    swaps_new_pairs: float
    swaps_new_things: float
    swaps_by_cosine: float
    match: float
    match_swapped: float
    first: float
    first_by_cosine: float
    wrong_at_80: float


def measure(blip: TinyBlip, *, seed: int, count: int = 1000, size: int = 64) -> Figures:
    """Figures over `count` unseen scenes, each drawn once, `size` pixels a side; 50 more and those swapped to search in."""
    scenes = make_scenes(seed, count)
    pictures = [draw(scene, size=size, seed=seed + number) for number, scene in enumerate(scenes)]
    true, false = [scene.caption for scene in scenes], [swapped(scene).caption for scene in scenes]
    match, match_swapped = blip.match(pictures, true), blip.match(pictures, false)
    right = match > match_swapped
    new_thing = np.array([bool({scene.first, scene.second} & UNSEEN_THINGS) for scene in scenes])

    pairs = make_pairs(seed, 50)
    searched = [scene for scene, _ in pairs] + [other for _, other in pairs]
    pictures = [draw(scene, size=size, seed=number) for number, scene in enumerate(searched)]
    captions = [scene.caption for scene in searched]
    table = np.stack([blip.match(pictures, [caption] * len(pictures)) for caption in captions])
    cosines = blip.cosines(pictures, captions).T
    own = np.arange(len(searched))
    return Figures(
        swaps=float(right.mean()),
        swaps_new_pairs=float(right[~new_thing].mean()),
        swaps_new_things=float(right[new_thing].mean()),
        swaps_by_cosine=float((cosines[own, own] > cosines[own, own - 50]).mean()),
        match=float(match.mean()),
        match_swapped=float(match_swapped.mean()),
        first=float((table.argmax(1) == own).mean()),
        first_by_cosine=float((cosines.argmax(1) == own).mean()),
        wrong_at_80=_wrong_when_absent(table, found=0.8),
    )


def _wrong_when_absent(table: npt.NDArray[np.float32], *, found: float) -> float:
    """From match probabilities (captions, pictures), own ones on the diagonal."""
    own = np.arange(len(table))
    present = np.where(table.argmax(1) == own, table[own, own], -1.0)
    cut_off = np.sort(present)[::-1][int(np.ceil(found * len(table))) - 1]
    absent = table.copy()
    absent[own, own] = -1.0
    return float((absent.max(1) >= cut_off).mean())
