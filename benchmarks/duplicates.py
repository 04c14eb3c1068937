"""How long `search duplicates` takes to find all groups, beside comparing each hash with each.

    python -m benchmarks.duplicates --json benchmarks/results/duplicates.json

A library of made pictures without files: a fifth are copies of others, their hashes up to 6 bits apart and their
vectors close. All groups are found from what the library knows, as `duplicates(look=False)` does, the first time and
for a later page. Near hashes alone are found by `near_pairs`, and by comparing each with each in numpy, which is what
it takes without an index. CPU time of one thread, in turn; the ratio is that of one run.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from core.arrays import Vectors
from core.models import EncoderInfo, Preprocess
from core.pictures import PictureFacts, TakenAt, TakenSource
from db import open_writer
from db.records import ImportedRow
from searcher.near_hashes import MOST_BITS, near_pairs
from semantic_image_search import open_library

T = TypeVar("T")

DIM = 128
COPIES = 0.2
TAKEN = TakenAt(datetime(2020, 5, 4), None, TakenSource.FILE)  # noqa: DTZ001 - the clock on the wall
_AT_ONCE = 1 << 22  # comparisons of the naive way
_BATCH = 2_000


@dataclass(frozen=True)
class Result:
    """CPU seconds of one thread."""

    pictures: int
    near_pairs: int  # of hashes; both ways find the same ones
    groups: int
    all_groups_s: float  # from a library that was just opened
    later_page_s: float
    by_index_s: float  # near pairs of hashes
    each_with_each_s: float
    ratio: float  # each with each / by index
    machine: str


def each_with_each(hashes: NDArray[np.uint64], bits: int) -> int:
    """How many pairs are near, found the naive way: every pair is compared once."""
    step, found = max(1, _AT_ONCE // len(hashes)), 0
    for start in range(0, len(hashes), step):
        some = hashes[start : start + step]
        near = np.bitwise_count(some[:, np.newaxis] ^ hashes[start:]) <= bits
        found += int(np.count_nonzero(near)) - int(np.count_nonzero(np.tril(near[:, : len(some)])))
    return found


def made(count: int) -> tuple[NDArray[np.uint64], Vectors]:
    """Hashes, all different, and vectors, float32 (n, DIM), unit rows; the last fifth are copies of the first."""
    random = np.random.default_rng(0)
    copies = int(count * COPIES)
    hashes = random.integers(0, 1 << 63, count, np.uint64) << np.uint64(1)
    rows = random.standard_normal((count, DIM), np.float32)
    for copy in range(copies):
        turned = random.choice(64, int(random.integers(1, MOST_BITS + 1)), replace=False).astype(np.uint64)
        hashes[-1 - copy] = hashes[copy] ^ np.bitwise_or.reduce(np.uint64(1) << turned)
    rows[-copies:] = rows[:copies][::-1] + 0.1 * random.standard_normal((copies, DIM), np.float32)
    return hashes, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_library(folder: Path, hashes: NDArray[np.uint64], vectors: Vectors) -> None:
    """A library of pictures with these fingerprints, as if they had been indexed."""
    weights = hashlib.sha256(b"made").hexdigest()
    info = EncoderInfo("made", DIM, Preprocess(224, 224), weights, 100.0, 77, ("en",))
    with open_writer(folder, command="benchmark") as writer:
        space = writer.use_space(info)
        for start in range(0, len(hashes), _BATCH):
            some = range(start, min(start + _BATCH, len(hashes)))
            writer.import_rows(space, [_picture(number, int(hashes[number]), vectors[number]) for number in some])


def _picture(number: int, phash: int, vector: Vectors) -> ImportedRow:
    facts = PictureFacts("jpeg", 4000, 3000, 1, TAKEN, phash=phash)
    content = hashlib.blake2b(str(number).encode(), digest_size=32).digest()
    path = b"/pictures/%d/%d.jpg" % (number // 300, number)
    return ImportedRow(path, vector, 2_000_000 + number, 10**18 + number, content, facts)


def _cpu(work: Callable[[], T]) -> tuple[float, T]:
    started = time.thread_time()
    done = work()
    return time.thread_time() - started, done


def measure(count: int, runs: int) -> Result:
    """Both ways in turn, then the library."""
    hashes, vectors = made(count)
    index, naive = [], []
    pairs = -1
    for _ in range(runs):
        taken, found = _cpu(lambda: len(near_pairs(hashes, MOST_BITS)[0]))
        index.append(taken)
        taken, pairs = _cpu(lambda: each_with_each(hashes, MOST_BITS))
        naive.append(taken)
        if found != pairs:
            raise SystemExit(f"by index {found} pairs were found, and each with each {pairs}")
    with tempfile.TemporaryDirectory(prefix="search-duplicates-") as scratch:
        make_library(Path(scratch), hashes, vectors)
        with open_library(Path(scratch)) as library:
            first_s, first = _cpu(lambda: library.duplicates(k=20, look=False))
            cursor = first.next_cursor
            later_s, _ = _cpu(lambda: library.duplicates(k=20, cursor=cursor, look=False))
    ratio = statistics.median(slow / quick for slow, quick in zip(naive, index, strict=True))
    by_index, one_by_one = statistics.median(index), statistics.median(naive)
    return Result(count, pairs, first.total_groups, first_s, later_s, by_index, one_by_one, ratio, machine())


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="pictures")
    parser.add_argument("--runs", type=int, default=3, help="of both ways of finding near hashes")
    parser.add_argument("--json", type=Path, help="write the result here")
    asked = parser.parse_args()
    result = asdict(measure(asked.count, asked.runs))
    for name, value in result.items():
        print(f"{name:18} {value:.3f}" if isinstance(value, float) else f"{name:18} {value}")
    write_json(asked.json, result)


if __name__ == "__main__":
    main()
