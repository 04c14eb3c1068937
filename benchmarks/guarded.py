"""What the guard measures: one function per ratio, given an empty folder. Limits are `guard`'s."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from benchmarks.indexing import decode_alone, encode_alone, timed
from benchmarks.indexing import pipeline as index_once
from benchmarks.memory import make_folder, watched
from benchmarks.refresh import make_folder as make_many
from benchmarks.refresh import make_library, run_program
from benchmarks.warm_query import server
from core.indexing import IndexRequest, RootOptions
from core.models import Preprocess
from core.paths import absolute
from db import open_writer
from db.records import RootScan
from encoders import load_encoder
from indexer import walk
from media import DecodeLimits, DecodePool, decode_picture

PYTHON = sys.executable
SEARCH = (PYTHON, "-m", "cli")
_FILES = 3_000
_PICTURES = 128
_FEW, _MANY = 200, 1_600  # more than a commit takes at once would not fit into a minute


def help_page(_scratch: Path) -> float:
    """The least CPU of several starts each, in turns."""
    return times_the_cpu((*SEARCH, "--help"), rounds=5, beside=(PYTHON, "-c", "pass"))


def first_query(scratch: Path) -> float:
    """With files cached and graphs made: each query is a process of its own, and so its first."""
    query = _query_of_few(scratch)
    run_program(query)
    return times_the_cpu(query, rounds=2, beside=(PYTHON, "-c", "import open_clip"))


def warm_query(scratch: Path) -> float:
    """The command line's own CPU where a server answers, in a runtime folder of the guard's own."""
    query = _query_of_few(scratch)
    ours = {"XDG_RUNTIME_DIR": str(scratch), "TMPDIR": str(scratch), "SEARCH_LIBRARY": str(scratch / "library")}
    with patch.dict(os.environ, ours), server(idle_minutes=0):
        said = subprocess.run((*query, "--verbose"), capture_output=True, text=True, check=True).stderr
        if "answered by the server" not in said:
            raise SystemExit(f"the guard's server did not answer: {said}")
        return times_the_cpu(query, rounds=4, beside=(PYTHON, "-c", "pass"))


def refresh(scratch: Path) -> float:
    """Scan, plan and settle, without the program's start; beside `os.scandir` and a stat of each file."""
    make_many(scratch / "pictures", _FILES)
    make_library(scratch / "library", scratch / "pictures")
    path = absolute(scratch / "pictures")
    with open_writer(scratch / "library", command="guard") as writer:
        root, space = writer.roots()[0], writer.spaces()[0]

        def again() -> None:
            writer.start_run("guard")
            writer.stage(root, walk(path, RootOptions()))
            if writer.plan([space.id]).unchanged != _FILES:
                raise SystemExit("the guard's refresh found changes where there are none")
            writer.settle([RootScan(root.id, reachable=True)])

        return _least_cpu_of(again) / _least_cpu_of(lambda: _list(path))


def decode(scratch: Path) -> float:
    """One picture for a model of 224 pixels, hashed and with its facts; beside Pillow, which does neither."""
    _draw(scratch, 1, (4000, 3000))
    picture = next(scratch.iterdir())
    target, limits = Preprocess(224, 224), DecodeLimits()

    def plainly() -> None:
        with Image.open(picture) as image:
            image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)

    ours = _least_cpu_of(lambda: decode_picture(absolute(picture), targets=[target], limits=limits))
    return ours / _least_cpu_of(plainly)


def pipeline(scratch: Path) -> float:
    """Workers' start included, which weighs with so few pictures."""
    pictures = _draw(scratch / "pictures", _PICTURES, (1600, 1200))
    encoder = load_encoder("mini")
    request = IndexRequest(paths=(absolute(scratch / "pictures"),), batch_size=16, workers=2)
    with DecodePool(targets=[encoder.info.preprocess], limits=DecodeLimits(), workers=2) as pool:
        pixels = decode_alone(pool, pictures)  # starts the workers
        encode_alone(encoder, pixels[: request.batch_size], request.batch_size)  # loads the model
        decode_s, _ = timed(lambda: decode_alone(pool, pictures))
    encode_s, _ = timed(lambda: encode_alone(encoder, pixels, request.batch_size))
    both_s, _ = timed(lambda: index_once(encoder, request))
    return both_s / (decode_s + encode_s)


def memory(scratch: Path) -> float:
    """The program and its decoders together, with an encoder that takes no memory of its own."""
    peaks = []
    for count in (_FEW, _MANY):
        make_folder(scratch / str(count), count)
        ours = ("-m", "benchmarks.memory", "--coarsely", str(scratch / str(count)), str(scratch / f"library {count}"))
        peaks.append(watched((PYTHON, *ours), count).all_bytes)
    return peaks[1] / peaks[0]


def times_the_cpu(command: Sequence[str], *, rounds: int, beside: Sequence[str]) -> float:
    """The least CPU time of a program, over the least of another one, run in turns."""
    turns = [(run_program(command).cpu_s, run_program(beside).cpu_s) for _ in range(rounds)]
    return min(ours for ours, _ in turns) / min(theirs for _, theirs in turns)


def _query_of_few(scratch: Path) -> tuple[str, ...]:
    """A library of four pictures with the built-in model, and a query of it."""
    library = str(scratch / "library")
    _draw(scratch / "pictures", 4, (320, 240))
    run_program((*SEARCH, "index", str(scratch / "pictures"), "--library", library, "--model", "mini"))
    return (*SEARCH, "query", "a dog on the beach", "--library", library, "--json")


def _least_cpu_of(work: Callable[[], object], rounds: int = 3) -> float:
    """CPU seconds of this thread."""
    taken = []
    for _ in range(rounds):
        started = time.thread_time()
        work()
        taken.append(time.thread_time() - started)
    return min(taken)


def _list(folder: bytes) -> None:
    with os.scandir(folder) as listing:
        for entry in list(listing):
            if entry.is_dir():
                _list(entry.path)
            else:
                entry.stat()


def _draw(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """JPEG files of large soft shapes, no two alike."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(count):
        rng = np.random.default_rng(number)
        shapes = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize(size)
        made.append(folder / f"{number}.jpg")
        shapes.save(made[-1], quality=90)
    return made
