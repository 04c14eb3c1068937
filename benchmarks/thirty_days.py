"""Thirty days of a library: pictures come and go, what they show drifts, and the index is looked after.

    python -m benchmarks.thirty_days --json benchmarks/results/thirty_days.json

It begins with pictures of three of the made world's ten concepts (`clip_like`); each day brings a thousand, of more
and more concepts, and takes as many away, in folders of fifty: a third of them of the last days, the others anywhere.
All of it goes through the one writer that `search index` uses, and each day ends as a run does, with `refresh_derived`.
Then pictures that are not in the library, of the first days' kind and of the day's, and text-like queries about the
day's and about all pictures are searched for, and compared with exact search over the same rows. A query's time is its
thread's own CPU time, on one thread; opening the index is not part of it.

Promised: recall@10 never under 0.97 on any day, the slowest query in a thousand at most three times the median.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.month import Month, Pictures, Shelf, Upkeep
from benchmarks.retrieval import ONE_THREAD, machine
from core.arrays import Vectors
from db import LibraryReader, open_reader, open_writer
from db.records import GenerationInfo, SpaceInfo
from db.vectors.sampling import text_like

HITS = 10
LEAST_RECALL = 0.97
MOST_TIMES_MEDIAN = 3.0


@dataclass
class Day:
    """What a day came to."""

    day: int
    branches: int
    live_rows: int
    dead_rows: int
    tail_rows: int
    done: str  # by refresh_derived
    reason: str
    refresh_cpu_s: float
    structure: str
    recall_image: float
    recall_text: float
    p50_ms: float
    slowest_ms: float


@dataclass
class Asked:
    """What searching came to."""

    recalls: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def ask(reader: LibraryReader, space: SpaceInfo, queries: Vectors) -> Asked:
    """Searches for each, and counts what an exact search finds, too; among equal scores it does not matter which."""
    asked = Asked()
    for query in queries:
        started = time.thread_time()
        found = reader.search(space, query, HITS)
        asked.seconds.append(time.thread_time() - started)
        exact = reader.search_exactly(space, query, HITS)
        asked.recalls.append(float(np.count_nonzero(found.scores >= exact.scores[-1] - 1e-6)) / HITS)
    return asked


def questions(
    reader: LibraryReader, space: SpaceInfo, pictures: Pictures, month: Month, day: int, rng: np.random.Generator
) -> dict[str, Vectors]:
    """By kind float32 (n, dim), unit rows."""
    count, daily = month.queries, month.branches(day)
    fresh = np.concatenate([pictures.take(count, month.first_branches), pictures.take(count, daily)])
    mask, _ = reader.allowed_rows(space)
    live = np.arange(reader.generation(space).committed_rows) if mask is None else np.flatnonzero(mask)
    sample = reader.vectors(space, np.sort(rng.choice(live, min(10_000, len(live)), replace=False)))
    about = np.concatenate([sample[rng.choice(len(sample), count)], pictures.take(count, daily).astype(np.float32)])
    return {"image": fresh.astype(np.float32), "text": text_like(about, sample.mean(axis=0), rng)}


def live_through(month: Month, folder: Path) -> Iterator[tuple[Day, dict[str, Asked]]]:
    """Each day, and what its queries of each kind came to."""
    rng = np.random.default_rng(0)
    pictures = Pictures(month.dim)
    with open_writer(folder / "library", command="benchmark") as writer:
        shelf = Shelf(writer, writer.use_imported_space("made", month.dim))
        shelf.put(pictures.take(month.start, month.first_branches))
        shelf.refresh(month.exact_below)
        for day in range(1, month.days + 1):
            shelf.put(pictures.take(month.daily, month.branches(day)))
            shelf.take_away(month.removed, 3 * month.daily, rng)
            upkeep = shelf.refresh(month.exact_below)
            with open_reader(writer.path) as reader:
                kinds = questions(reader, shelf.space, pictures, month, day, rng)
                ask(reader, shelf.space, kinds["text"][:3])  # the index is read, and the memory warm
                asked = {kind: ask(reader, shelf.space, queries) for kind, queries in kinds.items()}
            yield told(day, month, shelf.rows, upkeep, asked), asked


def told(day: int, month: Month, rows: GenerationInfo, upkeep: Upkeep, asked: dict[str, Asked]) -> Day:
    """The day in numbers."""
    if rows.index is None:
        raise ValueError(f"{rows.live_rows:,} rows have no index: lower exact_below")
    times = [second for one in asked.values() for second in one.seconds]
    return Day(
        day=day,
        branches=month.branches(day),
        live_rows=rows.live_rows,
        dead_rows=rows.committed_rows - rows.live_rows,
        tail_rows=rows.committed_rows - rows.index.built_rows,
        done=upkeep.done,
        reason=upkeep.reason,
        refresh_cpu_s=round(upkeep.cpu_s, 2),
        structure=rows.index.structure,
        recall_image=round(float(np.mean(asked["image"].recalls)), 4),
        recall_text=round(float(np.mean(asked["text"].recalls)), 4),
        p50_ms=round(float(np.median(times)) * 1e3, 3),
        slowest_ms=round(max(times) * 1e3, 3),
    )


def run(month: Month) -> dict[str, object]:
    """All days, each printed as it ends, and what was promised of them."""
    days: list[Day] = []
    times: dict[str, list[float]] = {"image": [], "text": []}
    print(HEADING)
    with tempfile.TemporaryDirectory() as scratch:
        for day, asked in live_through(month, Path(scratch)):
            days.append(day)
            for kind, one in asked.items():
                times[kind] += one.seconds
            print(line(day), flush=True)
    cpu = {kind: spread(seconds) for kind, seconds in {**times, "all": times["image"] + times["text"]}.items()}
    recalls = {kind: min(getattr(day, f"recall_{kind}") for day in days) for kind in times}
    return {
        "machine": machine(),
        "month": asdict(month),
        "worst_recall_of_a_day": recalls,
        "query_cpu": cpu,
        "upkeep_cpu_s": round(sum(day.refresh_cpu_s for day in days), 1),
        "kept": {
            "recall": min(recalls.values()) >= LEAST_RECALL,
            "time": cpu["all"]["p99_9_times_p50"] <= MOST_TIMES_MEDIAN,
        },
        "days": [asdict(day) for day in days],
    }


def spread(seconds: list[float]) -> dict[str, float]:
    """Of so many queries the median, and the slowest in a thousand."""
    median, slow = float(np.median(seconds)), float(np.quantile(seconds, 0.999))
    return {
        "queries": len(seconds),
        "p50_ms": round(median * 1e3, 3),
        "p99_9_ms": round(slow * 1e3, 3),
        "p99_9_times_p50": round(slow / median, 2),
    }


HEADING = "day concepts    live   dead   tail  recall image/text   p50 ms  slowest  upkeep CPU s"


def line(day: Day) -> str:
    """One day in one line."""
    said = f"{day.done}: {day.reason}" if day.reason else ""
    return (
        f"{day.day:3} {day.branches:8} {day.live_rows:7} {day.dead_rows:6} {day.tail_rows:6}"
        f"     {day.recall_image:.3f} / {day.recall_text:.3f} {day.p50_ms:8.2f} {day.slowest_ms:8.2f}"
        f" {day.refresh_cpu_s:8.1f}  {said}"
    )


def main() -> None:
    """Runs it on one thread."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **ONE_THREAD})
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("start", "daily", "removed", "days", "dim", "queries", "exact_below"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(Month, name))
    parser.add_argument("--json", type=Path, help="write the result there, too")
    asked = vars(parser.parse_args())
    file = asked.pop("json")
    result = run(Month(**asked))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({name: value for name, value in result.items() if name != "days"}, indent=1))


if __name__ == "__main__":
    main()
