"""What models make of a set, ranked: both directions by cosine, matches by cosine, and a reranker's second look."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.indexing import Progress
from searcher.evaluation import FirstStage, Task, first_stage, present_and_absent
from searcher.match import cut_off_curve
from semantic_image_search.evaluation.match import match_pictures
from semantic_image_search.evaluation.pair_scores import Pairs, PairScores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.indexing import ProgressListener
    from searcher.match import CutOff
    from semantic_image_search.evaluation.records import Evaluation
    from semantic_image_search.evaluation.seeing import Seen
    from semantic_image_search.evaluation.sets import CaptionSet

JUDGED = 100
"""Of a caption's first candidates; more than a search judges at least (searcher.answer.FIRST_FETCH)."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One direction of one model: what its cosines find, and milliseconds a query."""

    first: FirstStage
    pairs: Pairs  # its candidates, as many as a reranker is to look at
    encode_ms: float
    retrieve_ms: float


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What one model finds."""

    model: str
    by_text: Found
    by_image: Found
    cut_off: tuple[CutOff, ...]  # by the match its cosines give


class Run:
    """The steps, one after the other.

    Args:
        data: the set.
        asked: what is compared.
        workers: processes that decode.
        listener: hears the progress.
    """

    def __init__(self, data: CaptionSet, asked: Evaluation, *, workers: int, listener: ProgressListener) -> None:
        self._data = data
        self._asked = asked
        self._workers = workers
        self._listener = listener

    def rank(self, seen: Seen) -> Stage:
        """Both directions by cosine."""
        depth = self._asked.rerank.depth or 0
        deeper = Task.text_to_image(seen.pictures, seen.captions, self._data.owner)
        found, retrieve_ms = self._rank(deeper, seen.info.name, depth=max(depth, JUDGED))
        first = found.top(depth)
        by_text = Found(first, Pairs(first.candidates, _rows(first)), seen.caption_ms, retrieve_ms)
        curve = self._judge(found.top(JUDGED), seen)
        task = Task.image_to_text(seen.pictures, seen.captions, self._data.owner)
        first, retrieve_ms = self._rank(task, seen.info.name, depth=depth)
        by_image = Found(first, Pairs(_rows(first), first.candidates), seen.picture_ms, retrieve_ms)
        return Stage(seen.info.name, by_text, by_image, curve)

    def _judge(self, found: FirstStage, seen: Seen) -> tuple[CutOff, ...]:
        """What a cut-off by the match of the cosines costs, as a library of these pictures would have it."""
        match = np.empty(found.scores.shape, np.float32)
        for row, (caption, candidates) in enumerate(zip(seen.captions, found.candidates, strict=True)):
            match[row] = match_pictures(seen, caption, candidates)
            self._listener(Progress(f"judging matches with {seen.info.name}", row + 1, len(match)))
        return cut_off_curve(*present_and_absent(found, match))

    def _rank(self, task: Task, name: str, *, depth: int) -> tuple[FirstStage, float]:
        """What is found, and milliseconds a query."""
        started, number = perf_counter(), len(task.queries)

        def say(done: int) -> None:
            self._listener(Progress(f"ranking with {name}", done, number))

        first = first_stage(task, depth=depth, on_block=say)
        return first, 1000 * (perf_counter() - started) / number

    def look_again(self, stages: Sequence[Stage]) -> PairScores | None:
        """The reranker's scores of all first candidates; None where there is no reranker."""
        if self._asked.reranker is None:
            return None
        wanted = [found.pairs for stage in stages for found in (stage.by_text, stage.by_image)]
        scores = PairScores(len(self._data.captions), wanted)
        scores.fill(self._asked.reranker, self._data, workers=self._workers, listener=self._listener)
        return scores


def _rows(first: FirstStage) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The query of each candidate."""
    return np.broadcast_to(np.arange(len(first.candidates))[:, np.newaxis], first.candidates.shape)
