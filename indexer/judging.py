"""CapFilt's filter: does a caption fit its picture, as the image-text-matching head sees it?

Li et al., "BLIP: Bootstrapping Language-Image Pre-training" (2022), section 4.3: captions found and captions generated
pass the same head, and those it calls unmatched are filtered out. Here they are kept, and marked. Which pictures are
looked at, and what is written, is `captioning`'s and `filtering`'s.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import PictureFeatures, Pixels
from core.models import Preprocess
from core.protocols import Reranker

if TYPE_CHECKING:
    from db.features import FeatureCache

PAIRS = 64  # matched at once: 57 MB of features at base size


OVERHEAD = 64  # bytes of a file of features beside its numbers, and to spare


class Judge:
    """A reranker that says which captions are kept.

    Args:
        reranker: looks and reads.
        features: spare it the looking, where it has seen a picture before.
        least: the probability from which on a caption is kept.
    """

    def __init__(self, reranker: Reranker, features: "FeatureCache", *, least: float) -> None:
        self._reranker = reranker
        self._features = features
        self._room: int | None = None  # bytes that features may still take; None: not looked up yet
        self.least = least

    @property
    def name(self) -> str:
        """The reranker's."""
        return self._reranker.info.name

    @property
    def preprocess(self) -> Preprocess:
        """How it wants pixels."""
        return self._reranker.info.preprocess

    @property
    def fast(self) -> bool:
        """Whether it runs on a device that does much at once."""
        return self._reranker.info.fast

    def remembers(self, content_hash: bytes | None) -> PictureFeatures | None:
        """What it saw of this content before, float16 (tokens, width); None where that is gone."""
        return None if content_hash is None else self._features.get(content_hash)

    def see(self, pictures: Sequence[tuple[bytes, Pixels]]) -> list[PictureFeatures]:
        """Pictures (content hash, pixels fitted by `preprocess`) to float16 (tokens, width) each.

        Remembered as long as there is room: a run over a large library must not push out what queries look at often.
        """
        seen = [self._features.get(content_hash) for content_hash, _ in pictures]
        unseen = [number for number, known in enumerate(seen) if known is None]
        if unseen:
            features = self._reranker.see(np.stack([pictures[number][1] for number in unseen]))
            for number, one in zip(unseen, features, strict=True):
                seen[number] = one
                self._remember(pictures[number][0], one)
        return [one for one in seen if one is not None]  # by now none is None

    def _remember(self, content_hash: bytes, features: PictureFeatures) -> None:
        if self._room is None:
            self._room = self._features.max_bytes - self._features.used_bytes()
        needed = features.nbytes + OVERHEAD
        if needed <= self._room and self._features.put(content_hash, features):
            self._room -= needed

    def match(self, pairs: Sequence[tuple[str, PictureFeatures]]) -> list[float]:
        """That each text fits its picture, 0 to 1."""
        found: list[float] = []
        for start in range(0, len(pairs), PAIRS):
            texts, features = zip(*pairs[start : start + PAIRS], strict=True)
            found += self._reranker.match(texts, np.stack(features)).probability.tolist()
        return found

    def keeps(self, probability: float) -> bool:
        """True from the least probability on."""
        return probability >= self.least
