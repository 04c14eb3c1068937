"""A whole library of a million pictures as a user meets it: opened, searched, filtered, asked with words.

    python -m benchmarks.million --rows 1000000 --library /tmp/million --json benchmarks/results/million.json

The library is made where the folder holds none (`million_library`), its index and columns are written, and then, on one
thread: the first answer of a fresh process; vectors asked of `Library.search`, page and all; the same through filters,
each of them another concept, camera or time, so that every mask is made anew, in turns with queries without one; words.
Times are of the thread's own CPU, first answers and cold ones of the clock. Recall@10 is against an exact search of the
rows that the filter lets through.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clip_like import World
from benchmarks.million_library import encoder_of, event_path, make_library
from benchmarks.retrieval import ONE_THREAD, machine
from core.arrays import HalfRows, RowMask, Vectors
from core.pictures import Orientation
from core.queries import Filters, Near, Page, SearchMode
from db import open_reader, open_writer
from db.places import place_of
from db.vectors import RowSearcher
from searcher.request import SearchRequest
from searcher.search import search
from semantic_image_search import Library, open_library

HITS = 10
FIRST = 5  # fresh processes
EACH = 30  # queries of each kind for each filter
COLD = 20  # queries with nothing in the page cache
WORDS = ("dog", "beach", "dog on the beach", "birthday cat", "IMG_0001234", "zebra")


@dataclass(frozen=True)
class Case:
    """A filter, in as many variants as there are queries."""

    name: str
    share: str
    make: Callable[[int], Filters]


CASES = (
    Case("portrait", "50%, strewn", lambda i: Filters(orientation=Orientation.PORTRAIT, taken_from=_early(i))),
    Case("camera", "10%, strewn", lambda i: Filters(camera="ILCE", taken_from=_early(i))),
    Case("camera", "1%, strewn", lambda i: Filters(camera="leica", taken_from=_early(i))),
    Case("camera", "0.1%, strewn", lambda i: Filters(camera="holga", taken_from=_early(i))),
    Case("five shelves", "50%, concepts", lambda i: Filters(folders=_shelves(i), taken_from=_early(i))),
    Case("shelf", "10%, a concept", lambda i: Filters(folders=_shelves(i)[:1], taken_from=_early(i))),
    Case("year", "1%, a concept", lambda i: Filters(folders=(event_path(i * 7 % 1000).rpartition(b"/")[0],))),
    Case("event", "0.1%, a concept", lambda i: Filters(folders=(event_path(i * 7 % 1000),))),
    Case("tag", "10%, a concept, strewn", lambda i: Filters(tags=(f"tenth {i % 3}",), taken_from=_early(i))),
    Case("tag", "1%, a concept, strewn", lambda i: Filters(tags=(f"hundredth {i % 3}",), taken_from=_early(i))),
    Case("tag", "0.1%, a concept, strewn", lambda i: Filters(tags=(f"thousandth {i % 3}",), taken_from=_early(i))),
    Case("near", "places", lambda i: Filters(near=Near(i % 100 * 1.7 - 85, i % 100 * 35 % 350 - 175, 1000))),
)  # fmt: skip


def main() -> None:
    """Runs it with one thread for every BLAS."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **ONE_THREAD})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--library", type=Path, required=True, help="a folder of its own; kept")
    parser.add_argument("--vectors", type=Path, help="float16 (n, 512) .npy to make it of, in place of new ones")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write the result there, too")
    asked = parser.parse_args()
    result = run(asked.library, asked.rows, asked.vectors, asked.queries)
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=2) + "\n")
    print("\n".join(table(result)))


def run(folder: Path, count: int, vectors: Path | None, many: int) -> dict[str, object]:
    """Everything, in one process (and a few fresh ones)."""
    made = prepare(folder, count, vectors)
    images, texts = queries_of(folder, many)
    result = {
        "machine": machine(),
        "rows": count,
        "made": made,
        "first answer": {"warm": first_answers(folder), "cold": first_answers(folder, cold=True)},
        "search, image, cold": cold(folder, images[:COLD]),
        "search, text-like, cold": cold(folder, texts[:COLD]),
    }
    library = open_library(folder, model=encoder_of(folder))
    return result | {
        "search, image": asked(library, images),
        "search, text-like": asked(library, texts),
        "filters": filters_of(library, images, texts),
        "words": {words: asked_words(library, words) for words in WORDS},
    }


def table(result: dict[str, Any]) -> Iterator[str]:
    """What matters of it, for people."""
    yield f"{result['rows']:,} pictures; {result['machine']}"
    for name, first in result["first answer"].items():
        yield f"first answer, {name}: {first['first_s']:.2f} s after {first['imports_s']:.2f} s of imports"
    for name in (name for name in result if name.startswith("search")):
        yield f"{name:<34} p50 {result[name]['p50_ms']:7.2f} ms  p99 {result[name]['p99_ms']:7.2f} ms"
    for one in result["filters"]:
        name, new, same = one["library"], one["searcher, a new mask"], one["searcher, the same mask"]
        yield (
            f"{one['filter']:<34} {one['queries']:<9} {one['rows']:>7,} rows  recall {one['recall_at_10']:.3f}"
            f"  library {name['p50_ms']:6.2f} ms (x{name['times_unfiltered']:.1f})"
            f"  searcher {new['p50_ms']:5.2f} (x{new['times_unfiltered']:.1f}),"
            f" same mask {same['p50_ms']:5.2f} (x{same['times_unfiltered']:.1f})"
        )
    for words, took in result["words"].items():
        yield f"{words:<34} hybrid {took['hybrid_p50_ms']:7.1f} ms  vector {took['vector_p50_ms']:7.1f} ms"


def prepare(folder: Path, count: int, vectors: Path | None) -> dict[str, object]:
    """The library, its columns and its index, where they are not there yet; what they took, and the index's record."""
    took: dict[str, object] = {}
    if not (folder / "near.npy").exists():
        rows: HalfRows = World().rows(count) if vectors is None else np.load(vectors, mmap_mode="r")[:count]
        started = time.process_time()
        make_library(folder, rows)
        took["library_cpu_s"] = time.process_time() - started
    with open_writer(folder, command="benchmark") as writer:
        space = writer.spaces()[0]
        started = time.process_time()
        writer.refresh_derived(space, exact_below=50_000)
        took["derived_cpu_s"] = time.process_time() - started
        index = writer.generation(space).index
    return took | ({} if index is None else {"index": json.loads(index.to_json())})


def queries_of(folder: Path, many: int) -> tuple[Vectors, Vectors]:
    """float32 (many, dim) each: rows of the library, and texts about them."""
    rng = np.random.default_rng(5)
    with open_reader(folder) as reader:
        space = reader.active_space()
        rows = np.sort(rng.choice(reader.generation(space).committed_rows, many, replace=False))
        sample = rng.permutation(reader.vectors(space, rows))
    return sample, World().texts(sample, rng)


def asked(library: Library, queries: Vectors) -> dict[str, float]:
    """p50 and p99 of `Library.search`, with what is read for these queries in memory."""
    for query in queries:
        library.search(vector=query, k=HITS)
    return summary([timed(lambda q=query: library.search(vector=q, k=HITS)) for query in queries])


def asked_words(library: Library, words: str) -> dict[str, float]:
    """Hybrid, and by look alone."""
    answers = {}
    for mode in (SearchMode.HYBRID, SearchMode.VECTOR):
        library.search(words, mode=mode)
        answers[f"{mode}_p50_ms"] = summary([timed(lambda m=mode: library.search(words, mode=m)) for _ in range(7)])[
            "p50_ms"
        ]
    return answers


def filters_of(library: Library, images: Vectors, texts: Vectors) -> list[dict[str, object]]:
    """Every case: rows let through, recall, and times beside those of queries without a filter, in turns."""
    reader = open_reader(library.path)
    space = reader.active_space()
    generation = reader.generation(space)
    place = place_of(reader._store, generation.id)
    searcher = RowSearcher(place.open(), generation.committed_rows, generation.index, place.folder)
    found = []
    for case in CASES:
        for kind, queries in (("image", images), ("text-like", texts)):
            whole, plain, alone, again, bare, recalls, allowed = [], [], [], [], [], [], []
            for number, query in enumerate(queries[:: max(1, len(queries) // EACH)]):
                filters = case.make(number)
                plain.append(timed(lambda q=query: library.search(vector=q, k=HITS)))
                whole.append(timed(lambda q=query, f=filters: library.search(vector=q, k=HITS, filters=f)))
                mask, many = reader.allowed_rows(space, filters)
                bare.append(timed(lambda q=query: searcher.search(q, HITS)))
                alone.append(timed(lambda q=query, m=mask: searcher.search(q, HITS, mask=m)))
                again.append(timed(lambda q=query, m=mask: searcher.search(q, HITS, mask=m)))
                recalls.append(recall(searcher, query, mask))
                allowed.append(many)
            found.append(
                {
                    "filter": f"{case.name} ({case.share})",
                    "queries": kind,
                    "rows": int(np.median(allowed)),
                    "recall_at_10": float(np.nanmean(recalls)),
                    "library": summary(whole) | {"times_unfiltered": ratio(whole, plain)},
                    "searcher, a new mask": summary(alone) | {"times_unfiltered": ratio(alone, bare)},
                    "searcher, the same mask": summary(again) | {"times_unfiltered": ratio(again, bare)},
                }
            )
    return found


def recall(searcher: RowSearcher, query: Vectors, mask: RowMask | None) -> float:
    """Of the ten best rows that the mask lets through, the share found; nan where there are none."""
    best = searcher.search_exactly(query, HITS, mask=mask)
    if not len(best):
        return float("nan")
    scores = searcher.search(query, HITS, mask=mask).scores
    return float(np.count_nonzero(scores >= best.scores[-1] - 1e-5)) / len(best)


def first_answers(folder: Path, *, cold: bool = False) -> dict[str, float]:
    """Medians over a few fresh processes."""
    answers = []
    for _ in range(FIRST):
        if cold:
            drop(folder)
        command = [sys.executable, "-m", "benchmarks.first_answer", str(folder)]
        said = subprocess.check_output(command, env={**os.environ, "STARTED": str(time.time())})
        answers.append(json.loads(said))
    return {name: float(np.median([answer[name] for answer in answers])) for name in answers[0]}


def cold(folder: Path, queries: Vectors) -> dict[str, float]:
    """Wall-clock milliseconds with none of the library's pages in memory; the index, which is no page, stays there."""
    taken = []
    with open_reader(folder) as first:
        first.notices()  # reads the index, and no row
        for query in queries:
            with open_reader(folder) as reader:  # what was mapped for the query before is mapped no longer
                reader.share(first)
                reader.counts(reader.active_space())  # known to a reader that is kept
                drop(folder)
                request = SearchRequest(vector=query, page=Page(k=HITS))
                started = time.perf_counter()
                search(reader, request, None)
                taken.append(1e3 * (time.perf_counter() - started))
            del reader
    return summary(taken)


def drop(folder: Path) -> None:
    """Ask Linux to forget what it has read of the library's files."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(ask: Callable[[], object]) -> float:
    """Milliseconds of this thread."""
    started = time.thread_time()
    ask()
    return 1e3 * (time.thread_time() - started)


def summary(taken: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile of milliseconds."""
    return {"p50_ms": float(np.median(taken)), "p99_ms": float(np.percentile(taken, 99))}


def ratio(taken: Sequence[float], reference: Sequence[float]) -> float:
    """Of the medians."""
    return float(np.median(taken) / np.median(reference))


def _early(number: int) -> datetime:
    """Before every picture, and for every query another moment: so its mask is not known yet."""
    return datetime(1990, 1, 1, number // 60 % 24, number % 60)  # noqa: DTZ001 - the clock on the wall


def _shelves(number: int) -> tuple[bytes, ...]:
    return tuple(b"/pictures/shelf %d" % ((number + step) % 10) for step in range(0, 10, 2))


if __name__ == "__main__":
    main()
