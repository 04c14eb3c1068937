"""`search index` beside the straightforward loop and, where it is set up, beside rclip: pictures per second.

    python -m benchmarks.indexing_beside --json RESULTS.json --rclip VENV/bin/rclip --rclip-models FOLDER

Two folders: photos of about 500 pixels, and JPEGs of 12 megapixels made of them. One model for all: ViT-B-32-256 (what
rclip uses) with random weights, which run as fast as real ones. In each round the programs take turns; ratios are taken
within a round, and their medians count.

- The loop (`benchmarks.plain_loop`) says itself how long it took, without loading its model; `search index` is taken by
  its own report, with it.
- rclip cannot index without answering a query as well. From exec to exit, once into a fresh database and once more only
  for the query: the difference is its indexing, without start-up. Beside that stands the rate that `search index`
  reports, which has the loading of the model and, once in the life of a library, the embedding of 300 neutral texts in
  it; so the more pictures, the nearer both are to what a long run does.
- `times_rclip_whole` compares whole programs: `search index` and `search query` together, and rclip's first run.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.errors import BenchmarkError
from benchmarks.indexing import make_model, make_photos
from benchmarks.others import Others
from benchmarks.results_file import write_json

ARCHITECTURE = "ViT-B-32-256"
QUERY = "a photo of a cat"
TARGETS = {"photos": (2.0, 2.5), "12 megapixels": (4.0, 4.0)}  # times the loop, times rclip


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    seconds: float  # exec to exit
    cpu_s: float
    out: str


@dataclass(frozen=True)
class Round:
    """Pictures per second of one round, processor time a picture, and the cores that other programs took meanwhile."""

    loop: float
    search: float  # by its own report
    search_with_query: float  # exec to exit
    rclip: float | None  # without start-up and query
    rclip_whole: float | None  # exec to exit, with its query
    loop_cpu_ms: float
    search_cpu_ms: float  # of index and query, as rclip's
    rclip_cpu_ms: float | None  # of the whole program
    others: float


@dataclass(frozen=True)
class Result:
    """Medians over the rounds of one folder."""

    folder: str
    pictures: int
    times_the_loop: float
    times_rclip: float | None
    times_rclip_whole: float | None
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class Rclip:
    """The peer's program and its model files."""

    program: Path
    models: Path


def run(*command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Ran:
    """Runs a program to its end.

    Raises:
        BenchmarkError: it failed.
    """
    before, start = _children_s(), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise BenchmarkError(f"{command[0]} failed ({done.returncode}): {done.stderr[-500:]}")
    return Ran(seconds, _children_s() - before, done.stdout)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make_large(source: Path, folder: Path, count: int) -> None:
    """`count` JPEGs of 4000 × 3000 pixels: photos enlarged, with the noise that a camera adds."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    files = sorted(source.glob("*.jpg"))
    for number, file in enumerate(files[:: max(1, len(files) // count)][:count]):
        target = folder / f"large-{number:03d}.jpg"
        if not target.exists():
            large = Image.open(file).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
            noisy = np.asarray(large, np.float32) + 4.5 * rng.standard_normal((3000, 4000, 1), np.float32)
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(target, quality=88, subsampling=2)


def loop_rate(model: Path, folder: Path) -> tuple[float, float]:
    """Pictures per second of the straightforward loop, and its processor time for one in ms."""
    said = json.loads(run(sys.executable, "-m", "benchmarks.plain_loop", model, folder).out.splitlines()[-1])
    return said["pictures"] / said["seconds"], 1000.0 * said["cpu_seconds"] / said["pictures"]


def index_and_ask(model: Path, folder: Path, count: int) -> tuple[float, Ran, Ran]:
    """The rate that a fresh `search index` reports, and both programs."""
    search = (sys.executable, "-m", "cli")
    with tempfile.TemporaryDirectory(prefix="bench-library-") as scratch:
        library = ("--library", Path(scratch) / "library")
        indexed = run(*search, "index", folder, "--model", f"local-dir:{model}", "--json", *library)
        report = json.loads(indexed.out)
        if report["embedded"] != count:
            raise BenchmarkError(f"{report['embedded']} of {count} pictures were embedded")
        return report["pictures_per_second"], indexed, run(*search, "query", QUERY, *library)


def rclip_runs(rclip: Rclip, folder: Path) -> tuple[Ran, Ran]:
    """The peer over the folder with a fresh database, which ends in a query; then only the query."""
    with tempfile.TemporaryDirectory(prefix="bench-rclip-") as scratch:
        for file in rclip.models.iterdir():
            (Path(scratch) / file.name).symlink_to(file.resolve())
        asked = (rclip.program, "-f", "-t", "10", QUERY)
        environment = {"RCLIP_DATADIR": scratch}
        first = run(*asked, cwd=folder, environment=environment)
        return first, run(*asked, "-n", cwd=folder, environment=environment)


def measure_round(model: Path, folder: Path, count: int, rclip: Rclip | None) -> Round:
    """The three, one after the other."""
    with Others() as others:
        loop, loop_cpu_ms = loop_rate(model, folder)
        rate, indexed, asked = index_and_ask(model, folder, count)
        theirs = rclip_runs(rclip, folder) if rclip else None
    return Round(
        loop=loop,
        search=rate,
        search_with_query=count / (indexed.seconds + asked.seconds),
        rclip=count / (theirs[0].seconds - theirs[1].seconds) if theirs else None,
        rclip_whole=count / theirs[0].seconds if theirs else None,
        loop_cpu_ms=loop_cpu_ms,
        search_cpu_ms=1000.0 * (indexed.cpu_s + asked.cpu_s) / count,
        rclip_cpu_ms=1000.0 * theirs[0].cpu_s / count if theirs else None,
        others=others.cores or 0.0,
    )


def measure(name: str, model: Path, folder: Path, *, rounds: int, rclip: Rclip | None) -> Result:
    """One folder."""
    count = len(list(folder.glob("*.jpg")))
    done: list[Round] = []
    for _ in range(rounds):
        done.append(measure_round(model, folder, count, rclip))
        print(f"{name}: {done[-1]}", flush=True)
    beside = [one.search / one.rclip for one in done if one.rclip]
    whole = [one.search_with_query / one.rclip_whole for one in done if one.rclip_whole]
    return Result(
        folder=name,
        pictures=count,
        times_the_loop=statistics.median(one.search / one.loop for one in done),
        times_rclip=statistics.median(beside) if beside else None,
        times_rclip_whole=statistics.median(whole) if whole else None,
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
    folders = {name: given.scratch / folder for name, folder in zip(TARGETS, names, strict=True)}
    make_photos(given.photos, folders["photos"], given.small)
    make_large(given.photos, folders["12 megapixels"], given.large)
    warm = given.scratch / "warm"
    warm.mkdir(exist_ok=True)
    shutil.copy(next(folders["photos"].glob("*.jpg")), warm / "one.jpg")
    index_and_ask(model, warm, 1)  # the graphs of the model are made once; files come into the page cache
    results = [measure(name, model, folder, rounds=given.rounds, rclip=rclip) for name, folder in folders.items()]
    show(results)
    write_json(given.json, [asdict(one) for one in results])


if __name__ == "__main__":
    main()
