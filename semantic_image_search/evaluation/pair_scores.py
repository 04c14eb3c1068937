"""What a reranker makes of many pairs of a picture and a caption, each picture seen once.

The pairs that all models and both directions ask for are put together, and then gone through picture by picture: the
features of a few pictures are all that is ever held (a base BLIP's are 886 kB each, 4.4 GB for the 5,000 of COCO).
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.indexing import Problem, Progress
from core.protocols import MatchScores
from media import DecodeJob, DecodeLimits, DecodePool
from semantic_image_search.evaluation.reading import in_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import PictureFeatures, Pixels, RowNumbers
    from core.indexing import ProgressListener
    from core.protocols import Reranker
    from semantic_image_search.evaluation.sets import CaptionSet

SEEN_AT_ONCE = 8  # pictures: 7 MB of features, 11 MB of pixels
MATCHED_AT_ONCE = 256  # captions of one picture, between two looks at the clock


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pictures and captions to be looked at together: int64, two arrays of one shape."""

    pictures: RowNumbers
    captions: RowNumbers


class PairScores:
    """The scores of the pairs that were looked at.

    Args:
        captions: how many there are in the set.
        wanted: every pair that somebody will ask for.
    """

    def __init__(self, captions: int, wanted: Sequence[Pairs]) -> None:
        self._captions = captions
        self._codes = np.unique(np.concatenate([self._code(pairs).ravel() for pairs in wanted]))
        self._itm = np.full((len(self._codes), 2), np.nan, np.float32)
        self._itc = np.full(len(self._codes), np.nan, np.float32)
        self.seeing_s = 0.0
        self.matching_s = 0.0
        self.matched = 0
        self.seen = 0
        self.problems: list[Problem] = []

    def of(self, pairs: Pairs) -> MatchScores:
        """Their scores, flat: pair i of n is pairs.pictures.ravel()[i]; nan where its picture could not be read."""
        at = np.searchsorted(self._codes, self._code(pairs).ravel())
        return MatchScores(self._itm[at], self._itc[at])

    def fill(self, reranker: Reranker, data: CaptionSet, *, workers: int, listener: ProgressListener) -> None:
        """Look at every pair."""
        _warm_up(reranker)
        pictures = np.unique(self._codes // self._captions)
        jobs = (DecodeJob(data.pictures[int(row)], None, int(row)) for row in pictures)
        stage = f"reranking with {reranker.info.name}"
        with DecodePool(targets=(reranker.info.preprocess,), limits=DecodeLimits(), workers=workers) as pool:
            for rows, pixels in in_batches(pool.run(jobs), SEEN_AT_ONCE, self.problems.append):
                self._look(reranker, data, rows, pixels)
                self.seen += len(rows)
                listener(Progress(stage, self.seen + len(self.problems), len(pictures), len(self.problems)))

    def _look(self, reranker: Reranker, data: CaptionSet, rows: Sequence[int], pixels: Pixels) -> None:
        started = perf_counter()
        features = reranker.see(pixels)
        self.seeing_s += perf_counter() - started
        started = perf_counter()
        for row, one in zip(rows, features, strict=True):
            self._match(reranker, data, row, one[np.newaxis])
        self.matching_s += perf_counter() - started

    def _match(self, reranker: Reranker, data: CaptionSet, row: int, features: PictureFeatures) -> None:
        first, last = np.searchsorted(self._codes, [row * self._captions, (row + 1) * self._captions]).tolist()
        for start in range(first, last, MATCHED_AT_ONCE):
            part = slice(start, min(start + MATCHED_AT_ONCE, last))
            texts = [data.captions[int(code) % self._captions] for code in self._codes[part]]
            scores = reranker.match(texts, features)
            self._itm[part], self._itc[part] = scores.itm, scores.itc
            self.matched += len(texts)

    def _code(self, pairs: Pairs) -> NDArray[np.int64]:
        return pairs.pictures.astype(np.int64) * self._captions + pairs.captions


def _warm_up(reranker: Reranker) -> None:
    """Load the model before the clock runs."""
    fit = reranker.info.preprocess
    reranker.match(["a photo"], reranker.see(np.zeros((1, fit.height, fit.width, 3), np.uint8)))
