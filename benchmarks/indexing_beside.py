"""`search index` beside the straightforward loop and, where it is set up, beside rclip: pictures per second.

    python -m benchmarks.indexing_beside --json RESULTS.json --rclip VENV/bin/rclip --rclip-models FOLDER

Two folders: photos of about 500 pixels, and JPEGs of 12 megapixels made of them. One model for all: ViT-B-32-256 (what
rclip uses) with random weights, which run as fast as real ones. In each round the programs take turns; ratios are taken
within a round, and their medians count.

- The loop (`benchmarks.plain_loop`) says itself how long it took, without loading its model and the first picture.
- `search index` and rclip are taken alike, from exec to exit, each into a fresh library or database: over the folder,
  and over a folder with one picture of it (the median of three such runs). What is in both is subtracted: starting
  Python, loading the models, the worker processes, and rclip's query, without which it does not index. The difference
  is the time of all pictures but one: what a picture more costs. The targets are judged by it.
- `times_rclip_whole` subtracts nothing: `search index` and `search query`, from exec to exit of both, and rclip's run,
  which ends with the same query. The fewer the pictures, the more of it is start-up.
- `search_reported` is what `search index` says of itself: with the loading of the model, without starting Python.

Before the first round a library of one picture is made: the graphs of the model are exported then, and the 300 neutral
texts embedded, both once for a model and a machine. rclip's models are exported, too, and it has no neutral texts.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from benchmarks.beside import QUERY, Ran, Rclip, index, loop_rate, rclip_run, run
from benchmarks.indexing import make_model, make_photos
from benchmarks.large_pictures import make_large
from benchmarks.others import Others
from benchmarks.results_file import write_json

ARCHITECTURE = "ViT-B-32-256"
STARTS = 3  # runs over one picture, in each round
TARGETS = {"photos": (2.0, 2.5), "12 megapixels": (4.0, 4.0)}  # times the loop, times rclip


@dataclass(frozen=True)
class Round:
    """Pictures per second of one round, processor time a picture, and the cores that other programs took meanwhile."""

    loop: float
    search: float  # without start-up
    search_reported: float  # by its own report
    search_with_query: float  # exec to exit of both
    rclip: float | None  # without start-up and query
    rclip_whole: float | None  # exec to exit, with its query
    loop_cpu_ms: float
    search_cpu_ms: float  # without start-up
    search_whole_cpu_ms: float  # of index and query
    rclip_cpu_ms: float | None  # without start-up and query
    rclip_whole_cpu_ms: float | None
    others: float


@dataclass(frozen=True)
class Result:
    """Medians over the rounds of one folder."""

    folder: str
    pictures: int
    times_the_loop: float
    times_rclip: float | None
    times_rclip_whole: float | None
    times_rclip_cpu: float | None  # rclip's processor time over ours, without start-up: says the same on a busy machine
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Folder:
    """Pictures, and one of them in a folder of its own."""

    all: Path
    one: Path

    @property
    def count(self) -> int:
        """How many there are."""
        return len(list(self.all.glob("*.jpg")))


@dataclass(frozen=True)
class Beyond:
    """What all pictures but the first one took, and a picture of them."""

    per_s: float
    cpu_ms: float

    @classmethod
    def of(cls, whole: Ran, starts: Sequence[Ran], count: int) -> Self:
        """From a run over `count` pictures and some over one."""
        seconds = whole.seconds - statistics.median(start.seconds for start in starts)
        cpu_s = whole.cpu_s - statistics.median(start.cpu_s for start in starts)
        return cls((count - 1) / seconds, 1000.0 * cpu_s / (count - 1))


def with_one(folder: Path) -> Folder:
    """The folder, and beside it one with its first picture."""
    one = folder.with_name(f"{folder.name}-one")
    shutil.rmtree(one, ignore_errors=True)
    one.mkdir()
    shutil.copy(min(folder.glob("*.jpg")), one)
    return Folder(folder, one)


def index_one(model: Path, folder: Folder) -> Ran:
    """A fresh `search index` over one picture."""
    with tempfile.TemporaryDirectory(prefix="bench-library-") as scratch:
        return index(model, folder.one, Path(scratch) / "library")[0]


def index_and_ask(model: Path, folder: Folder) -> tuple[float, Ran, Ran]:
    """The rate that a fresh `search index` over all of them reports, and both programs."""
    with tempfile.TemporaryDirectory(prefix="bench-library-") as scratch:
        library = Path(scratch) / "library"
        indexed, report = index(model, folder.all, library)
        asked = run(sys.executable, "-m", "cli", "query", QUERY, "--library", library)
        return report["pictures_per_second"], indexed, asked


def measure_round(model: Path, folder: Folder, rclip: Rclip | None) -> Round:
    """The three, one after the other."""
    count = folder.count
    with Others() as others:
        loop, loop_cpu_ms = loop_rate(model, folder.all)
        reported, indexed, asked = index_and_ask(model, folder)
        ours = Beyond.of(indexed, [index_one(model, folder) for _ in range(STARTS)], count)
        whole = rclip_run(rclip, folder.all) if rclip else None
        theirs = (
            Beyond.of(whole, [rclip_run(rclip, folder.one) for _ in range(STARTS)], count) if rclip and whole else None
        )
    return Round(
        loop=loop,
        search=ours.per_s,
        search_reported=reported,
        search_with_query=count / (indexed.seconds + asked.seconds),
        rclip=theirs.per_s if theirs else None,
        rclip_whole=count / whole.seconds if whole else None,
        loop_cpu_ms=loop_cpu_ms,
        search_cpu_ms=ours.cpu_ms,
        search_whole_cpu_ms=1000.0 * (indexed.cpu_s + asked.cpu_s) / count,
        rclip_cpu_ms=theirs.cpu_ms if theirs else None,
        rclip_whole_cpu_ms=1000.0 * whole.cpu_s / count if whole else None,
        others=others.cores or 0.0,
    )


def measure(name: str, model: Path, folder: Folder, *, rounds: int, rclip: Rclip | None) -> Result:
    """One folder."""
    done: list[Round] = []
    for _ in range(rounds):
        done.append(measure_round(model, folder, rclip))
        print(f"{name}: {done[-1]}", flush=True)
    beside = [one.search / one.rclip for one in done if one.rclip]
    whole = [one.search_with_query / one.rclip_whole for one in done if one.rclip_whole]
    cpu = [one.rclip_cpu_ms / one.search_cpu_ms for one in done if one.rclip_cpu_ms]
    return Result(
        folder=name,
        pictures=folder.count,
        times_the_loop=statistics.median(one.search / one.loop for one in done),
        times_rclip=statistics.median(beside) if beside else None,
        times_rclip_whole=statistics.median(whole) if whole else None,
        times_rclip_cpu=statistics.median(cpu) if cpu else None,
        rounds=tuple(done),
    )


def show(results: Sequence[Result]) -> None:
    """One line for each folder and rival."""
    for one in results:
        loop, peer = TARGETS[one.folder]
        print(f"{one.folder}: {one.times_the_loop:.2f} times the loop (target {loop})")
        if one.times_rclip is not None:
            print(f"{one.folder}: {one.times_rclip:.2f} times rclip (target {peer})")
            print(f"{one.folder}: {one.times_rclip_whole:.2f} times rclip, whole programs")
            print(f"{one.folder}: rclip takes {one.times_rclip_cpu:.2f} times the processor time")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/photos"), help="a folder of JPEG files")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-benchmark")
    parser.add_argument("--small", type=int, default=600, help="how many of about 500 pixels")
    parser.add_argument("--large", type=int, default=120, help="how many of 12 megapixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rclip", type=Path, help="the peer's program; without it only the loop is compared")
    parser.add_argument("--rclip-models", type=Path, help="the folder with its model files")
    parser.add_argument("--json", type=Path, help="write the results there")
    given = parser.parse_args()
    if (given.rclip is None) != (given.rclip_models is None):
        parser.error("--rclip and --rclip-models go together")
    rclip = Rclip(given.rclip.absolute(), given.rclip_models) if given.rclip else None
    model = Path(make_model(given.scratch / ARCHITECTURE, ARCHITECTURE).partition(":")[2]).absolute()
    names = (f"photos-{given.small}", f"large-{given.large}")
    make_photos(given.photos, given.scratch / names[0], given.small)
    make_large(given.photos, given.scratch / names[1], given.large)
    folders = {name: with_one(given.scratch / folder) for name, folder in zip(TARGETS, names, strict=True)}
    index_one(model, folders["photos"])  # what is made once
    results = [measure(name, model, folder, rounds=given.rounds, rclip=rclip) for name, folder in folders.items()]
    show(results)
    write_json(given.json, [asdict(one) for one in results])


if __name__ == "__main__":
    main()
