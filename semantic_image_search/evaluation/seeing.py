"""A set as one model sees it: every picture and every caption a vector. The model is needed for nothing else.

Knows nothing of ranks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.batches import batch_size_for
from core.indexing import Problem, Progress
from media import DecodeJob, DecodeLimits, DecodePool
from searcher.neutral_texts import neutral_texts
from semantic_image_search.evaluation.reading import in_batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Vectors
    from core.indexing import ProgressListener
    from core.models import EncoderInfo
    from core.protocols import Encoder
    from semantic_image_search.evaluation.sets import CaptionSet

TEXTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A set as one model sees it.

    Attributes:
        info: the model.
        pictures: float32 (pictures, dim), unit rows; nan where one could not be read.
        captions: float32 (captions, dim), unit rows.
        neutral: float32 (texts, dim): the texts that matches are judged by.
        picture_ms: what encoding a picture takes, without opening it; in batches.
        caption_ms: what encoding a caption takes.
    """

    info: EncoderInfo
    pictures: Vectors
    captions: Vectors
    neutral: Vectors
    picture_ms: float
    caption_ms: float

    @property
    def readable(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Which pictures could be read: bool (pictures,)."""
        return ~np.isnan(self.pictures[:, 0])

    def only(self, pictures: Sequence[int], captions: Sequence[int]) -> Seen:
        """Of these pictures and captions alone."""
        return replace(self, pictures=self.pictures[pictures], captions=self.captions[captions])


class Eye:
    """Shows a set to one model after the other.

    Args:
        data: the set.
        prompt: what is read in place of a caption, `{}` standing for it.
        batch_size: pictures encoded at once; 0: what each model is quickest with.
        workers: processes that decode.
        listener: hears the progress.
    """

    def __init__(
        self, data: CaptionSet, *, prompt: str, batch_size: int, workers: int, listener: ProgressListener
    ) -> None:
        self._data = data
        self._prompt = prompt
        self._batch_size = batch_size
        self._workers = workers
        self._listener = listener
        self._problems: dict[bytes, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The pictures that could not be read so far, by path."""
        return tuple(self._problems[path] for path in sorted(self._problems))

    def see(self, encoder: Encoder) -> Seen:
        """The set as this model sees it."""
        _warm_up(encoder)
        pictures, picture_ms = self._pictures(encoder)
        started, name = perf_counter(), encoder.info.name
        captions = self._texts(encoder, [self._prompt.replace("{}", text) for text in self._data.captions], name)
        caption_ms = 1000 * (perf_counter() - started) / len(captions)
        neutral = self._texts(encoder, neutral_texts(), name)
        return Seen(encoder.info, pictures, captions, neutral, picture_ms, caption_ms)

    def _pictures(self, encoder: Encoder) -> tuple[Vectors, float]:
        """Their vectors, and milliseconds for each."""
        info, paths = encoder.info, self._data.pictures
        vectors = np.full((len(paths), info.dim), np.nan, np.float32)
        spent, done = 0.0, 0
        failed: list[Problem] = []
        jobs = (DecodeJob(path, None, row) for row, path in enumerate(paths))
        with DecodePool(targets=(info.preprocess,), limits=DecodeLimits(), workers=self._workers) as pool:
            for rows, pixels in in_batches(pool.run(jobs), batch_size_for([encoder], self._batch_size), failed.append):
                started = perf_counter()
                vectors[rows] = encoder.encode_pixels(pixels)
                spent += perf_counter() - started
                done += len(rows)
                looked_at = done + len(failed)
                self._listener(Progress(f"encoding pictures with {info.name}", looked_at, len(paths), len(failed)))
        self._problems.update((problem.path, problem) for problem in failed)
        return vectors, 1000 * spent / max(1, done)

    def _texts(self, encoder: Encoder, texts: Sequence[str], name: str) -> Vectors:
        rows = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            rows.append(encoder.encode_texts(texts[start : start + TEXTS_AT_ONCE]))
            self._listener(Progress(f"encoding texts with {name}", start + len(rows[-1]), len(texts)))
        return np.concatenate(rows)


def _warm_up(encoder: Encoder) -> None:
    """Load the model before the clock runs."""
    fit = encoder.info.preprocess
    encoder.encode_pixels(np.zeros((1, fit.height, fit.width, 3), np.uint8))
    encoder.encode_texts(["a photo"])
