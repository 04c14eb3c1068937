"""What a reranker sees in pictures: from a cache where it was seen before, else opened and seen in batches.

Only what is seen anew costs: a second a picture on a CPU. The cache is handed in; decoding is `media`'s.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from core.arrays import PictureFeatures
from core.errors import PictureProblem
from core.pictures import DecodedPicture
from core.protocols import Reranker

if TYPE_CHECKING:
    from searcher.opening import Opener

BATCH = 32  # pictures seen at once: what bounds memory, and where a GPU has gained most


class ToSee(NamedTuple):
    """A file of the library."""

    path: bytes  # absolute, os.fsencode
    content_hash: bytes | None  # None: not known; then it is always opened


class FeatureStore(Protocol):
    """Where features are kept by content; may forget, never fails."""

    def __contains__(self, content_hash: bytes) -> bool:
        """Whether there are some, as far as can be told without reading them."""
        ...

    def get(self, content_hash: bytes) -> PictureFeatures | None:
        """Float16 (tokens, width)."""
        ...

    def put(self, content_hash: bytes, features: PictureFeatures) -> bool:
        """Keep these; False where they cannot be kept."""
        ...


class FeatureSource:
    """Features as one reranker sees them.

    Args:
        reranker: whose features these are; sees what the store does not have.
        store: keeps them.
        workers: processes that open files, where there are many.
    """

    def __init__(self, reranker: Reranker, store: FeatureStore, *, workers: int = 1) -> None:
        self.reranker = reranker
        self._store = store
        self._opener = _opener(reranker, workers)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Inside, workers that were started stay for what comes next."""
        try:
            yield
        finally:
            self._opener.rest()

    def knows(self, content_hash: bytes | None) -> bool:
        """Whether this content was seen before, so that it costs nothing now."""
        return content_hash is not None and content_hash in self._store

    def see(self, pictures: Sequence[ToSee]) -> list[PictureFeatures | PictureProblem]:
        """Features, float16 (tokens, width), or what is wrong with the file; one for each picture, in their order."""
        seen: list[PictureFeatures | PictureProblem | None] = [self._kept(picture) for picture in pictures]
        missing = [i for i, features in enumerate(seen) if features is None]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            for i, features in zip(batch, self._see_anew([pictures[i] for i in batch]), strict=True):
                seen[i] = features
        return [one for one in seen if one is not None]  # each is set by now

    def _kept(self, picture: ToSee) -> PictureFeatures | None:
        return None if picture.content_hash is None else self._store.get(picture.content_hash)

    def _see_anew(self, pictures: Sequence[ToSee]) -> list[PictureFeatures | PictureProblem]:
        opened = self._opener.open([picture.path for picture in pictures])
        pixels = [one.pixels[0] for one in opened if isinstance(one, DecodedPicture)]
        features = list(self.reranker.see(np.stack(pixels))) if pixels else []
        seen: list[PictureFeatures | PictureProblem] = []
        for one in opened:
            if isinstance(one, DecodedPicture):
                self._store.put(one.content_hash, features[0])  # of the file as it is now, whatever was indexed
                seen.append(features.pop(0))
            else:
                seen.append(one)
        return seen


def _opener(reranker: Reranker, workers: int) -> "Opener":
    """Brings the decoders, which most queries do not need."""
    from searcher.opening import Opener

    return Opener(reranker.info.preprocess, workers=workers)
