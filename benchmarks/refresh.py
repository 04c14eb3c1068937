"""How long `search index` takes where nothing has changed, and whether it opens any picture.

    python -m benchmarks.refresh --json benchmarks/results/refresh.json

A folder of 100,000 small pictures, a few hundred to a folder, and a library that knows them all, with vectors made of
nothing (no picture is decoded to make it, none is encoded). The real program is started again and again, from exec to
exit, in turn with a bare Python that lists and stats the same folders and does no more: what a refresh costs on top of
asking the file system is the ratio. Linux's inotify then watches every folder while the program runs once more, and
tells of each file that any process opened.
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.clip_like import World
from benchmarks.opens import opened_below
from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from core.indexing import RootOptions
from core.paths import absolute
from core.pictures import PictureFacts, TakenAt, TakenSource
from db import LibraryWriter, open_writer
from db.records import IndexedFile, RootScan, SpaceInfo
from encoders import load_encoder
from indexer import walk

FILES_PER_FOLDER = 300
TARGET_S = 3.0
_BATCH = 2_000
FACTS = PictureFacts("jpeg", 8, 8, 1, TakenAt(datetime(2020, 5, 4), None, TakenSource.EXIF))  # noqa: DTZ001 - the clock on the wall

BARE_WALK = """
import os, sys
def look(folder):
    with os.scandir(folder) as listing:
        for entry in list(listing):
            if entry.is_dir():
                look(entry.path)
            else:
                entry.stat()
look(os.fsencode(sys.argv[1]))
"""


@dataclass(frozen=True)
class Took:
    """One run of a program, from exec to exit."""

    wall_s: float
    cpu_s: float  # of the program and of all that it started


@dataclass(frozen=True)
class Result:
    """Medians over the rounds."""

    files: int
    rounds: int
    refresh_s: float  # wall
    refresh_cpu_s: float
    bare_walk_s: float
    ratio: float  # of the two, the median of the rounds' own ratios
    opened: tuple[str, ...]  # pictures that a refresh opened; none is promised
    target_s: float
    machine: str


def make_folder(folder: Path, files: int) -> None:
    """So many small pictures of different content, `FILES_PER_FOLDER` to a folder; those that are there are kept."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG")
    for number in range(files):
        file = folder / f"event {number // FILES_PER_FOLDER:04}" / f"IMG_{number:06}.jpg"
        if number % FILES_PER_FOLDER == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(buffer.getvalue() + b"%d" % number)


def make_library(library: Path, folder: Path) -> None:
    """A library that knows every file of the folder, with the built-in model and made vectors."""
    with open_writer(library, command="benchmark") as writer:
        space = writer.use_space(load_encoder("mini").info)
        root = writer.remember_root(absolute(folder))
        writer.start_run("index")
        writer.stage(root, walk(root.path, RootOptions()))
        _commit_all(writer, space, writer.plan([space.id]).new)
        device = os.stat(root.path).st_dev  # noqa: PTH116 - bytes
        writer.settle([RootScan(root.id, reachable=True, device=device)])


def _commit_all(writer: LibraryWriter, space: SpaceInfo, files: int) -> None:
    """Every work item of the plan, as if it had been decoded and encoded."""
    work = writer.work()
    for rows in World(space.dim).blocks(files, block=_BATCH):
        items = islice(work, len(rows))
        writer.commit(
            [
                IndexedFile(item, hashlib.sha256(item.path).digest(), FACTS, {space.id: row})
                for item, row in zip(items, rows.astype(np.float32), strict=True)
            ]
        )


def refresh(library: Path) -> list[str]:
    """The command that refreshes it."""
    return [sys.executable, "-m", "cli", "index", "--library", str(library), "--json"]


def run_program(command: Sequence[str]) -> Took:
    """One program, from exec to exit.

    Raises:
        CalledProcessError: it failed.
    """
    before, started = _children_cpu_s(), time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return Took(time.perf_counter() - started, _children_cpu_s() - before)


def measure(library: Path, folder: Path, *, files: int, rounds: int) -> Result:
    """The refresh and the bare walk, in turns; then one refresh that is watched."""
    again, bare = refresh(library), [sys.executable, "-c", BARE_WALK, str(folder)]
    run_program(again)  # neutral texts, index and columns are written once; the file system is warm
    turns = [(run_program(again), run_program(bare)) for _ in range(rounds)]
    with opened_below(folder) as opened:
        report = json.loads(subprocess.run(again, capture_output=True, check=True, text=True).stdout)
    if report["unchanged"] != files:
        raise SystemExit(f"not a refresh of {files:,} unchanged files: {report}")
    return Result(
        files=files,
        rounds=rounds,
        refresh_s=statistics.median(ours.wall_s for ours, _ in turns),
        refresh_cpu_s=statistics.median(ours.cpu_s for ours, _ in turns),
        bare_walk_s=statistics.median(walked.wall_s for _, walked in turns),
        ratio=statistics.median(ours.wall_s / walked.wall_s for ours, walked in turns),
        opened=tuple(os.fsdecode(path) for path in opened),
        target_s=TARGET_S,
        machine=machine(),
    )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-refresh")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result there")
    given = parser.parse_args()
    folder, library = given.scratch / f"photos-{given.files}", given.scratch / f"library-{given.files}"
    if not library.exists():
        make_folder(folder, given.files)
        make_library(library, folder)
    result = measure(library, folder, files=given.files, rounds=given.rounds)
    print(
        f"{result.files:,} unchanged files: {result.refresh_s:.2f} s ({result.refresh_cpu_s:.2f} s of CPU),"
        f" {result.ratio:.1f} times a bare walk; {len(result.opened)} pictures opened; the target is {TARGET_S:.0f} s"
    )
    write_json(given.json, asdict(result))


if __name__ == "__main__":
    main()
