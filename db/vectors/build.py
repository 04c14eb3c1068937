"""Building an index: train on a sample, add every row under its number, measure, write.

Memory stays bounded whatever the number of rows: the sample, a block of rows and the index itself. Nothing that a
crash leaves can be taken for an index: only a record in SQLite makes one of a file.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowMask
from core.indexing import Progress, ProgressListener
from db.vectors.engine import load_faiss
from db.vectors.ivfpq import IvfPq, pad
from db.vectors.policy import Plan, plan_index
from db.vectors.records import IndexRecord
from db.vectors.sampling import sample_rows
from db.vectors.tuning import tune

_ADD_ROWS = 16_384  # rows in float32 at a time: 32 MB at 512 numbers


def build_index(
    view: HalfRows,
    *,
    folder: Path,
    generation: int,
    live: RowMask | None = None,
    target_recall: float = 0.99,
    on_progress: ProgressListener | None = None,
) -> IndexRecord:
    """Builds the index over all rows of `view` and writes it to `folder`; uses all of faiss's threads.

    Dead rows are in it under their numbers, too, and are masked when it is searched; they are left out of training
    and measuring. The same rows give the same index.

    Args:
        view: float16 (n, dim), unit rows: the committed rows.
        folder: the space's folder.
        generation: of the vector file.
        live: the rows that may be found, bool (n,); None is all.
        target_recall: recall@10 to reach with both kinds of query. Where it cannot be reached, the best is taken,
            and the record says what it is.
        on_progress: told how many rows are in; stage "finish".

    Raises:
        ValueError: too few live rows (policy.LEAST_ROWS).
        StorageFull, LibraryError: it could not be written; the record of before still holds.
    """
    started = time.monotonic()
    progress = _Reporter(on_progress, len(view))
    alive = len(view) if live is None else int(np.count_nonzero(live))
    plan = plan_index(alive, view.shape[1])
    rng = np.random.default_rng(len(view))
    progress.say(0, "training the index")
    index = _train(plan, pad(sample_rows(view, live, plan.sample, rng), plan.dim))
    _add(index, view, progress)
    built = IvfPq(index)
    tuning = tune(built, view, live, target=target_recall, rng=rng, on_step=lambda note: progress.say(len(view), note))
    name, digest = built.save(folder, generation)
    return IndexRecord(
        file=name,
        built_rows=len(view),
        structure=plan.structure,
        nprobe=tuning.nprobe,
        candidates=tuning.candidates,
        digest=digest,
        recall_image=tuning.recall_image,
        recall_text=tuning.recall_text,
        seconds=time.monotonic() - started,
    )


class _Reporter:
    """Says how far the build is, where somebody listens."""

    def __init__(self, listener: ProgressListener | None, total: int) -> None:
        self._listener = listener
        self._total = total

    def say(self, done: int, note: str) -> None:
        if self._listener is not None:
            self._listener(Progress(stage="finish", done=done, total=self._total, note=note))


def _train(plan: Plan, sample: np.ndarray[Any, np.dtype[np.float32]]) -> Any:  # noqa: ANN401 - faiss ships no types
    faiss = load_faiss()
    index = faiss.index_factory(plan.dim, plan.structure, faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True  # unit centroids; the factory's default here, and worth 3 to 4 points of recall
    index.cp.niter = plan.iterations
    index.cp.max_points_per_centroid = len(sample)  # the sample is the bound, faiss need not draw its own from it
    index.cp.min_points_per_centroid = 1  # the policy sees to it; no warnings on stderr
    index.pq.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


def _add(index: Any, view: HalfRows, progress: _Reporter) -> None:  # noqa: ANN401 - faiss ships no types
    for start in range(0, len(view), _ADD_ROWS):
        # Rows that are not numbers, which only damage makes, are given to no list, and shift nobody's number.
        index.add(pad(view[start : start + _ADD_ROWS].astype(np.float32), index.d))
        progress.say(min(start + _ADD_ROWS, len(view)), "adding rows to the index")
