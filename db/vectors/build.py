"""Building an index: train on a sample, add every row under its number, measure, write.

Memory stays bounded whatever the number of rows: the sample, a block of rows and the index itself. Nothing that a
crash leaves can be taken for an index: only a record in SQLite makes one of a file.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.arrays import HalfRows, RowMask, Vectors
from core.errors import DeviceError
from core.indexing import Progress, ProgressListener
from core.models import Device
from db.vectors.drift import imbalance_of
from db.vectors.engine import load_faiss
from db.vectors.gpu import Cuda, device_label, find_cuda, gpu_errors
from db.vectors.gpu_build import add_rows
from db.vectors.gpu_search import rows_fit
from db.vectors.graph import assigned_by_graph
from db.vectors.ivfpq import IvfPq, open_index
from db.vectors.policy import Plan, plan_index
from db.vectors.records import IndexRecord
from db.vectors.sampling import gap_of, sample_rows
from db.vectors.train import Trained, train
from db.vectors.tuning import tune

_ADD_ROWS = 16_384  # rows in float32 at a time: 32 MB at 512 numbers


def build_index(  # noqa: PLR0913 - options by keyword, each with a default
    view: HalfRows,
    *,
    folder: Path,
    generation: int,
    live: RowMask | None = None,
    target_recall: float = 0.99,
    texts: Vectors | None = None,
    device: Device = Device.AUTO,
    gpu_codes: bool | None = None,
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
        texts: float32 (n, dim), unit text vectors of the library's model, to measure with or to learn from how texts
            lie to pictures; None where none are known.
        device: what to train and add on: `auto` takes the GPUs where there are any, and the CPU where those give up.
        gpu_codes: an index that GPUs search; None: where `cuda` was asked for and GPUs do not hold the rows.
        on_progress: told how many rows are in; stage "finish".

    Raises:
        ValueError: too few live rows (policy.LEAST_ROWS).
        DeviceError: the device asked for by name is not there, or gave up.
        StorageFull, LibraryError: it could not be written; the record of before still holds.
    """
    work = _Work(view, live, folder, generation, _Reporter(on_progress, len(view)))
    cuda = find_cuda(device)
    if gpu_codes is None:
        gpu_codes = device is Device.CUDA and cuda is not None and not rows_fit(cuda, *view.shape)
    plan = plan_index(work.alive, view.shape[1], gpu_codes=gpu_codes)
    sample = sample_rows(view, live, plan.sample, work.rng)
    gap = gap_of(texts)
    try:
        trained = work.filled(plan, sample, gap, cuda)
    except DeviceError as error:
        if device is Device.CUDA:
            raise
        work.progress.say(0, f"{error}; going on with the CPU")
        cuda = None
        trained = work.filled(plan, sample, gap, None)
    given = _Given(plan.structure, trained.coarse_error, len(view), device_label(cuda))
    return work.finish(trained, given, target_recall, texts)


def extend_index(  # noqa: PLR0913 - options by keyword, each with a default
    view: HalfRows,
    *,
    folder: Path,
    generation: int,
    record: IndexRecord,
    live: RowMask | None = None,
    target_recall: float = 0.99,
    texts: Vectors | None = None,
    on_progress: ProgressListener | None = None,
) -> IndexRecord:
    """The index of `record` with the rows behind it added to the same lists, searched as is measured anew.

    Args:
        view: float16 (n, dim), unit rows: the committed rows.
        folder: the space's folder.
        generation: of the vector file.
        record: the index that is there; its file stays until somebody clears it away.
        live: the rows that may be found, bool (n,); None is all.
        target_recall: as `build_index`.
        texts: as `build_index`.
        on_progress: as `build_index`.

    Raises:
        LibraryDamaged: the file of `record` is not what it was.
        StorageFull, LibraryError: the new one could not be written.
    """
    work = _Work(view, live, folder, generation, _Reporter(on_progress, len(view)))
    work.progress.say(record.built_rows, "reading the index")
    before = open_index(folder, record, view, mapped=False)
    _add(before.index, view, record.built_rows, work.progress)
    after = Trained(before.index, before.known.mean)
    given = _Given(record.structure, record.coarse_error, record.trained_rows, record.built_on)
    return work.finish(after, given, target_recall, texts)


@dataclass(frozen=True, slots=True)
class _Given:
    """What the training decided, and what stays when rows are added."""

    structure: str
    coarse_error: float
    trained_rows: int
    built_on: str


class _Work:
    """One index in the making: what its parts share."""

    def __init__(
        self, view: HalfRows, live: RowMask | None, folder: Path, generation: int, progress: "_Reporter"
    ) -> None:
        self.view, self.live, self.progress = view, live, progress
        self.rng = np.random.default_rng(len(view))
        self.alive = len(view) if live is None else int(np.count_nonzero(live))
        self._folder, self._generation = folder, generation
        self._started = time.monotonic()

    def filled(self, plan: Plan, sample: Vectors, gap: Vectors | None, cuda: Cuda | None) -> Trained:
        """An index with all rows in it."""
        with gpu_errors():
            self.progress.say(0, f"training the index ({device_label(cuda)})")
            trained = train(plan, sample, gap, cuda)
            _add(trained.index, self.view, 0, self.progress, cuda)
        return trained

    def finish(self, trained: Trained, plan: _Given, target: float, texts: Vectors | None) -> IndexRecord:
        """Measure, write, and say what it is."""
        index = IvfPq(trained.index, trained.mean)
        tuning = tune(index, self.view, self.live, target=target, texts=texts, rng=self.rng, on_step=self._measuring)
        name, digest = index.save(self._folder, self._generation)
        how = tuning.approach
        return IndexRecord(
            file=name,
            built_rows=len(self.view),
            structure=plan.structure,
            nprobe=how.text.nprobe,
            candidates=how.text.candidates,
            digest=digest,
            recall_image=tuning.recall_image,
            recall_text=tuning.recall_text,
            seconds=time.monotonic() - self._started,
            target=target,
            coarse_error=plan.coarse_error,
            imbalance=imbalance_of(index.list_sizes),
            trained_rows=plan.trained_rows,
            dead_rows=len(self.view) - self.alive,
            built_on=plan.built_on,
            nprobe_image=how.picture.nprobe,
            candidates_image=how.picture.candidates,
            border=how.border,
            usual=how.usual,
            reach=how.reach,
            doubt=how.doubt,
        )

    def _measuring(self, note: str) -> None:
        self.progress.say(len(self.view), note)


class _Reporter:
    """Says how far the build is, where somebody listens."""

    def __init__(self, listener: ProgressListener | None, total: int) -> None:
        self._listener = listener
        self._total = total

    def say(self, done: int, note: str) -> None:
        if self._listener is not None:
            self._listener(Progress(stage="finish", done=done, total=self._total, note=note))


def _add(
    index: Any,  # noqa: ANN401 - faiss ships no types
    view: HalfRows,
    start: int,
    progress: _Reporter,
    cuda: Cuda | None = None,
) -> None:
    blocks = _blocks(view, start, progress)
    if cuda is not None:
        add_rows(cuda, index, blocks)
        return
    with assigned_by_graph(load_faiss().downcast_index(index.index)):
        for block in blocks:
            index.add(block)  # rows that are not numbers, which only damage makes, are given to no list


def _blocks(view: HalfRows, start: int, progress: _Reporter) -> Iterator[Vectors]:
    """The rows from `start` on in float32; what was taken is reported."""
    for first in range(start, len(view), _ADD_ROWS):
        yield view[first : first + _ADD_ROWS].astype(np.float32)
        progress.say(min(first + _ADD_ROWS, len(view)), "adding rows to the index")
