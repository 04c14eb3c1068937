"""The steps of an evaluation that need models: pictures and captions become vectors, vectors ranks, pairs scores.

What the figures amount to is `evaluation`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.indexing import Problem, Progress
from indexer import default_workers
from media import DecodeJob, DecodeLimits, DecodePool
from searcher.evaluation import FirstStage, Task, first_stage, present_and_absent
from searcher.match import cut_off_curve
from semantic_image_search.evaluation_match import PictureJudge
from semantic_image_search.pair_scores import Pairs, PairScores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.arrays import Pixels, Vectors
    from core.indexing import ProgressListener
    from core.protocols import Encoder
    from media import DecodeOutcome
    from searcher.match import CutOff
    from semantic_image_search.caption_sets import CaptionSet
    from semantic_image_search.evaluation_records import Evaluation

TEXTS_AT_ONCE = 256
JUDGED = 100
"""Of a caption's first candidates; as many as a search judges at least (searcher.answer.FIRST_FETCH)."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The pictures as one model sees them: float32 (pictures, dim), nan where one could not be read."""

    vectors: Vectors
    encode_ms: float  # of a picture

    def only(self, kept: Sequence[int]) -> Seen:
        """Those of some pictures."""
        return Seen(self.vectors[kept], self.encode_ms)


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
        asked: what is compared.
        listener: hears the progress.
    """

    def __init__(self, asked: Evaluation, listener: ProgressListener) -> None:
        self._asked = asked
        self._listener = listener
        self._workers = asked.workers or default_workers()

    def encode_pictures(self, data: CaptionSet) -> tuple[list[Seen], list[Problem]]:
        """Every picture by every model, and the pictures that could not be read, by path."""
        problems: dict[bytes, Problem] = {}
        seen = [self._encode_pictures(data, encoder, problems) for encoder in self._asked.models]
        return seen, [problems[path] for path in sorted(problems)]

    def _encode_pictures(self, data: CaptionSet, encoder: Encoder, problems: dict[bytes, Problem]) -> Seen:
        info, number = encoder.info, len(data.pictures)
        vectors = np.full((number, info.dim), np.nan, np.float32)
        _warm_up(encoder)
        spent, done = 0.0, 0
        jobs = (DecodeJob(path, None, row) for row, path in enumerate(data.pictures))
        with DecodePool(targets=(info.preprocess,), limits=DecodeLimits(), workers=self._workers) as pool:
            for rows, pixels in _batches(pool.run(jobs), self._asked.batch_size, problems):
                started = perf_counter()
                vectors[rows] = encoder.encode_pixels(pixels)
                spent += perf_counter() - started
                done += len(rows)
                stage = f"encoding pictures with {info.name}"
                self._listener(Progress(stage, done + len(problems), number, len(problems)))
        return Seen(vectors, 1000 * spent / max(1, done))

    def rank(self, data: CaptionSet, encoder: Encoder, seen: Seen) -> Stage:
        """Both directions by cosine."""
        name, number = encoder.info.name, len(data.captions)
        started = perf_counter()
        captions = self._encode_captions(data.captions, encoder)
        encode_ms = 1000 * (perf_counter() - started) / number
        depth = self._asked.rerank.depth or 0
        found, retrieve_ms = self._rank(
            Task.text_to_image(seen.vectors, captions, data.owner), name, depth=max(depth, JUDGED)
        )
        curve = self._judge(encoder, found.top(JUDGED), captions, seen.vectors)
        first = found.top(depth)
        by_text = Found(first, Pairs(first.candidates, _rows(first)), encode_ms, retrieve_ms)
        first, retrieve_ms = self._rank(Task.image_to_text(seen.vectors, captions, data.owner), name, depth=depth)
        by_image = Found(first, Pairs(_rows(first), first.candidates), seen.encode_ms, retrieve_ms)
        return Stage(name, by_text, by_image, curve)

    def _encode_captions(self, captions: Sequence[str], encoder: Encoder) -> Vectors:
        rows = [np.empty((0, encoder.info.dim), np.float32)]
        for start in range(0, len(captions), TEXTS_AT_ONCE):
            texts = captions[start : start + TEXTS_AT_ONCE]
            rows.append(encoder.encode_texts([self._asked.prompt.replace("{}", text) for text in texts]))
            self._listener(Progress(f"encoding captions with {encoder.info.name}", start + len(texts), len(captions)))
        return np.concatenate(rows)

    def _judge(self, encoder: Encoder, found: FirstStage, captions: Vectors, pictures: Vectors) -> tuple[CutOff, ...]:
        """What a cut-off by the match of the cosines costs, as a library of these pictures would have it."""
        judge = PictureJudge(encoder, pictures)
        match = np.empty(found.scores.shape, np.float32)
        for row, (caption, candidates) in enumerate(zip(captions, found.candidates, strict=True)):
            match[row] = judge.match(caption, candidates)
            self._listener(Progress(f"judging matches with {encoder.info.name}", row + 1, len(captions)))
        return cut_off_curve(*present_and_absent(found, match))

    def _rank(self, task: Task, name: str, *, depth: int) -> tuple[FirstStage, float]:
        """What is found, and milliseconds a query."""
        started, number = perf_counter(), len(task.queries)

        def say(done: int) -> None:
            self._listener(Progress(f"ranking with {name}", done, number))

        first = first_stage(task, depth=depth, on_block=say)
        return first, 1000 * (perf_counter() - started) / number

    def look_again(self, data: CaptionSet, stages: Sequence[Stage]) -> PairScores | None:
        """The reranker's scores of all first candidates; None where there is no reranker."""
        if self._asked.reranker is None:
            return None
        wanted = [found.pairs for stage in stages for found in (stage.by_text, stage.by_image)]
        scores = PairScores(len(data.captions), wanted)
        scores.fill(self._asked.reranker, data, workers=self._workers, listener=self._listener)
        return scores


def _rows(first: FirstStage) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The query of each candidate."""
    return np.broadcast_to(np.arange(len(first.candidates))[:, np.newaxis], first.candidates.shape)


def _batches(
    outcomes: Iterator[DecodeOutcome], size: int, problems: dict[bytes, Problem]
) -> Iterator[tuple[list[int], Pixels]]:
    """Rows and their pixels, uint8 (n, height, width, 3), n at most `size`; what cannot be read becomes a problem."""
    rows: list[int] = []
    pixels: list[Pixels] = []
    for outcome in outcomes:
        if outcome.picture is not None and isinstance(outcome.job.tag, int):
            rows.append(outcome.job.tag)
            pixels.append(outcome.picture.pixels[0])
        elif outcome.problem is not None:
            path = outcome.job.path
            problems[path] = Problem(path, outcome.problem.kind, outcome.problem.reason)
        if len(rows) == size:
            yield rows, np.stack(pixels)
            rows, pixels = [], []
    if rows:
        yield rows, np.stack(pixels)


def _warm_up(encoder: Encoder) -> None:
    """Load the model before the clock runs."""
    fit = encoder.info.preprocess
    encoder.encode_pixels(np.zeros((1, fit.height, fit.width, 3), np.uint8))
    encoder.encode_texts(["a photo"])
