"""Searching when the system holds none of the files in memory: first answers, and queries that read from the disk.

Only the pages of this machine are dropped (posix_fadvise); where it is a virtual one, its host may hold them still.
"""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.questions import HITS
from core.arrays import Vectors
from db.vectors import RowSearcher

Opener = Callable[[], RowSearcher]


@dataclass(frozen=True)
class FirstAnswer:
    """From nothing open to ten rows and scores, in a process of its own."""

    import_s: float  # of faiss; wall time
    wall_s: float  # opening the files and the first search
    cpu_s: float


@dataclass(frozen=True)
class ColdQueries:
    """Queries each of which finds no row in memory, against the same ones that find them all.

    Each has a searcher of its own, whose index is in memory: a mapping that was used keeps its pages.
    """

    queries: int
    cold_p50_ms: float  # wall time
    cold_p99_ms: float
    warm_p50_ms: float
    warm_p99_ms: float
    reads_p50: float  # of the disk: pages that were not there (major faults)


def forget(folder: Path) -> None:
    """Drops the pages of a folder's files from the page cache; those that a process has mapped stay.

    Raises:
        BenchmarkError: this system cannot be told to.
    """
    if not hasattr(os, "posix_fadvise"):
        raise BenchmarkError("the page cache cannot be emptied on this system: use --no-cold")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def first_answer(opener: Opener, query: Vectors) -> FirstAnswer:
    """To be called in a fresh process, which has imported this module and not yet faiss."""
    started = time.perf_counter()
    from db.vectors.engine import load_faiss

    load_faiss()
    imported = time.perf_counter()
    cpu = time.process_time()
    opener().search(query, HITS)
    return FirstAnswer(imported - started, time.perf_counter() - imported, time.process_time() - cpu)


def cold_queries(opener: Opener, folder: Path, queries: Vectors) -> ColdQueries:
    """Asks each query with its rows in memory (the first time reads them), and once more without."""
    asked = [[_ask(opener, query, forgotten) for forgotten in (None, None, folder)] for query in queries]
    warm, cold = (np.array([turns[turn][0] for turns in asked]) * 1e3 for turn in (1, 2))
    return ColdQueries(
        queries=len(queries),
        cold_p50_ms=float(np.median(cold)),
        cold_p99_ms=float(np.percentile(cold, 99)),
        warm_p50_ms=float(np.median(warm)),
        warm_p99_ms=float(np.percentile(warm, 99)),
        reads_p50=float(np.median([turns[2][1] for turns in asked])),
    )


def _ask(opener: Opener, query: Vectors, forgotten: Path | None) -> tuple[float, int]:
    """Seconds of wall time and major faults of one search by a new searcher."""
    searcher = opener()
    if notice := searcher.notice:  # reads the index
        raise BenchmarkError(notice)
    if forgotten is not None:
        forget(forgotten)
    faults = resource.getrusage(resource.RUSAGE_THREAD).ru_majflt
    started = time.perf_counter()
    searcher.search(query, HITS)
    seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_THREAD).ru_majflt - faults
