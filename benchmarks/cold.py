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
    """Queries each of which finds no row in memory; the index is."""

    queries: int
    p50_ms: float  # wall time
    p99_ms: float
    cpu_p50_ms: float
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
    """Asks each query of a searcher whose index is read, and whose rows are not in memory."""
    wall, cpu, faults = [], [], []
    for query in queries:
        searcher = opener()  # a mapping that was used keeps its pages
        if notice := searcher.notice:  # reads the index
            raise BenchmarkError(notice)
        forget(folder)
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_majflt
        started, thread = time.perf_counter(), time.thread_time()
        searcher.search(query, HITS)
        cpu.append(time.thread_time() - thread)
        wall.append(time.perf_counter() - started)
        faults.append(resource.getrusage(resource.RUSAGE_THREAD).ru_majflt - before)
        del searcher
    ms = np.array(wall) * 1e3
    return ColdQueries(
        queries=len(queries),
        p50_ms=float(np.median(ms)),
        p99_ms=float(np.percentile(ms, 99)),
        cpu_p50_ms=float(np.median(cpu)) * 1e3,
        reads_p50=float(np.median(faults)),
    )
