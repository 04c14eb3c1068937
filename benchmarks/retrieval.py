"""Retrieval in one run: our exact scan and our IVF-PQ against numpy over a resident float32 matrix.

    python -m benchmarks.retrieval --rows 100000 --json benchmarks/results/retrieval.json

Made vectors with the shape of CLIP's (benchmarks/clip_like.py). For every query each way is asked in turn, on one
thread, and timed by the thread's own CPU time, so that a busy machine slows none of them more than another. Ratios are
of the medians; above 1 is faster than numpy.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.clip_like import World
from core.arrays import HalfRows, Vectors
from db.vectors import RowSearcher, RowsFile, RowsHeader, build_index
from db.vectors.sampling import sample_rows

HITS = 10
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass
class Way:
    """One way to search, and how it did."""

    name: str
    search: Callable[[Vectors], tuple[np.ndarray, np.ndarray]]  # rows and scores of the best ten
    seconds: list[float] = field(default_factory=list)
    found: list[float] = field(default_factory=list)

    def ask(self, query: Vectors) -> np.ndarray:
        """Searches, notes the time, and returns the scores."""
        started = time.thread_time()
        _, scores = self.search(query)
        self.seconds.append(time.thread_time() - started)
        return scores


def numpy_way(rows: HalfRows) -> Way:
    """A resident float32 matrix, multiplied, partitioned, sorted: what one writes without an index."""
    matrix = rows.astype(np.float32)

    def search(query: Vectors) -> tuple[np.ndarray, np.ndarray]:
        scores = matrix @ query
        best = np.argpartition(scores, -HITS)[-HITS:]
        best = best[np.argsort(-scores[best])]
        return best, scores[best]

    return Way("numpy, resident float32", search)


def our_way(name: str, searcher: RowSearcher) -> Way:
    """Our searcher, with an index or without."""

    def search(query: Vectors) -> tuple[np.ndarray, np.ndarray]:
        found = searcher.search(query, HITS)
        return found.rows, found.scores

    return Way(name, search)


def compare(ways: list[Way], queries: Vectors) -> dict[str, dict[str, float]]:
    """Asks every way every query; recall@10 is against the first way, which is exact."""
    for way in ways:
        way.ask(queries[0])  # the index is read, pages are mapped
        way.seconds.clear()
        way.found.clear()
    for query in queries:
        tenth = ways[0].ask(query)[-1]
        ways[0].found.append(1.0)
        for way in ways[1:]:
            way.found.append(float(np.count_nonzero(way.ask(query) >= tenth - 1e-5)) / HITS)
    reference = float(np.median(ways[0].seconds))
    return {
        way.name: {
            "recall_at_10": float(np.mean(way.found)),
            "p50_ms": float(np.median(way.seconds)) * 1e3,
            "p99_ms": float(np.percentile(way.seconds, 99)) * 1e3,
            "times_faster_than_numpy": reference / float(np.median(way.seconds)),
        }
        for way in ways
    }


def machine() -> str:
    """The processor's name where Linux tells it, and the number of cores."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, {platform.system()}"


def run(count: int, dim: int, queries: int) -> dict[str, object]:
    """Makes the rows, builds the index, compares."""
    rng, world = np.random.default_rng(0), World(dim)
    rows = world.rows(count)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = RowsFile.create(folder / "vectors.1.f16", RowsHeader(dim, "benchmark", 1))
        file.append(rows)
        started = time.process_time()
        record = build_index(file.view(count), folder=folder, generation=1)
        build_cpu = time.process_time() - started
        ways = [
            numpy_way(rows),
            our_way("ours, exact float16", RowSearcher(file, count, None, folder)),
            our_way("ours, " + record.structure, RowSearcher(file, count, record, folder)),
        ]
        images = sample_rows(rows, None, queries, rng)
        kinds = {"image": images, "text-like": world.texts(images, rng)}
        return {
            "machine": machine(),
            "rows": count,
            "dim": dim,
            "queries": queries,
            "build_cpu_seconds": build_cpu,
            "index_bytes_per_row": (folder / record.file).stat().st_size / count,
            "nprobe": record.nprobe,
            "candidates": record.candidates,
            "measured_when_built": {"image": record.recall_image, "text-like": record.recall_text},
            "ways": {kind: compare(ways, some) for kind, some in kinds.items()},
        }


def main() -> None:
    """Runs it with one thread for numpy's BLAS, too."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **ONE_THREAD})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=100, help="of each kind")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    asked = parser.parse_args()
    result = run(asked.rows, asked.dim, asked.queries)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
