"""How much memory an indexing run needs, and whether it grows with the folder.

    python -m benchmarks.memory --json benchmarks/results/memory.json
    python -m benchmarks.memory --model mini --workers 2

The same pictures again and again, each file with bytes of its own, so that every one is decoded, encoded and stored.
The run is the real program where a model is named; without one, pictures are embedded by their coarse colours, which
takes no memory of its own and so hides nothing. What counts is resident memory as Linux tells it (VmHWM, VmRSS): the
peak of the program's own process, and the peak of it and all its decoders together.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.children import started_by, status_bytes
from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from core.arrays import Pixels, Vectors
from core.indexing import IndexRequest, silent
from core.models import EncoderInfo, Preprocess
from core.paths import absolute
from db import open_writer
from indexer import index_folders

COUNTS = (2_000, 20_000)
TARGET = 1.15  # peak at the larger folder, over that at the smaller
SIDES = (320, 240)
GRID = 16  # cells per side that the made encoder sees: a vector of 768 numbers
_POLL_S = 0.02
_DIFFERENT = 50  # pictures; the files after them repeat one, with other bytes behind the end


@dataclass(frozen=True)
class Peak:
    """The most memory that one run had at once."""

    pictures: int
    own_bytes: int  # the program's process
    all_bytes: int  # with its decoders; pages that they share count for each
    seconds: float


@dataclass(frozen=True)
class Result:
    """The runs, and how much more the largest took than the smallest."""

    model: str
    peaks: tuple[Peak, ...]
    own_ratio: float
    all_ratio: float
    target: float
    machine: str


class Coarse:
    """An image encoder without a model: the colours of a grid."""

    def __init__(self) -> None:
        self.info = EncoderInfo("coarse", GRID * GRID * 3, Preprocess(224, 224), "0" * 64, 100.0, 77, ("en",))

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """float32 (n, dim), unit rows."""
        n, side = len(pixels), pixels.shape[1] // GRID
        cells = pixels.reshape(n, GRID, side, GRID, side, 3).mean(axis=(2, 4)).reshape(n, -1).astype(np.float32)
        rows: Vectors = cells / np.linalg.norm(cells, axis=1, keepdims=True).clip(1e-6)
        return rows

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """It reads nothing."""
        raise NotImplementedError

    def cut_off(self, text: str) -> str:
        """It reads nothing."""
        raise NotImplementedError


def make_folder(folder: Path, count: int) -> None:
    """`count` JPEG files, no two with the same bytes, 200 to a folder; those that are there are kept."""
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(_DIFFERENT):
        buffer = BytesIO()
        blocks = rng.integers(0, 256, (SIDES[1] // 8, SIDES[0] // 8, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize(SIDES).save(buffer, "JPEG", quality=85)
        pictures.append(buffer.getvalue())
    for number in range(count):
        file = folder / f"{number // 200:04}" / f"{number:06}.jpg"
        if number % 200 == 0:
            file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            file.write_bytes(pictures[number % len(pictures)] + b"%d" % number)


def index_coarsely(library: Path, folder: Path, workers: int) -> None:
    """An indexing run with the encoder above."""
    encoder = Coarse()
    with open_writer(library, command="benchmark") as writer:
        space = writer.use_space(encoder.info)
        request = IndexRequest(paths=(absolute(folder),), workers=workers)
        report = index_folders(writer, [(space, encoder)], request, silent, exact_below=50_000)
    if report.skipped or report.embedded != report.added:
        raise SystemExit(f"not every picture was embedded: {report}")


def watched(command: Sequence[str], pictures: int) -> Peak:
    """Runs the command to its end under watch.

    Raises:
        CalledProcessError: it failed.
    """
    started = time.perf_counter()
    own = everything = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None:
            own = max(own, status_bytes(run.pid, "VmHWM"))
            everything = max(everything, sum(status_bytes(pid, "VmRSS") for pid in _family(run.pid)))
            time.sleep(_POLL_S)
    if run.returncode:
        raise subprocess.CalledProcessError(run.returncode, command)
    return Peak(pictures, own, everything, time.perf_counter() - started)


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    try:
        return [pid, *(one for child in started_by(pid) for one in _family(child))]
    except OSError:  # it has just ended
        return []


def measure(scratch: Path, counts: Sequence[int], *, model: str | None, workers: int) -> Result:
    """One run per size of folder, each into a library of its own."""
    peaks = []
    for count in counts:
        folder = scratch / f"pictures-{count}"
        make_folder(folder, count)
        with tempfile.TemporaryDirectory(prefix="bench-library-") as kept:
            library = str(Path(kept) / "library")
            ours = ["benchmarks.memory", "--coarsely", str(folder), library]
            real = ["cli", "index", str(folder), "--library", library, "--model", str(model)]
            command = [sys.executable, "-m", *(real if model else ours), "--workers", str(workers)]
            peaks.append(watched(command, count))
            print(f"{peaks[-1]}", flush=True)
    return Result(
        model=model or "coarse",
        peaks=tuple(peaks),
        own_ratio=peaks[-1].own_bytes / peaks[0].own_bytes,
        all_ratio=peaks[-1].all_bytes / peaks[0].all_bytes,
        target=TARGET,
        machine=machine(),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-memory")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--model", help="index with this model, by the real program")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--coarsely", type=Path, nargs=2, help=argparse.SUPPRESS)  # what the watched process does
    given = parser.parse_args()
    if given.coarsely:
        index_coarsely(given.coarsely[1], given.coarsely[0], given.workers)
        return
    result = measure(given.scratch, given.counts, model=given.model, workers=given.workers)
    print(
        f"{result.own_ratio:.3f} times the memory, with decoders {result.all_ratio:.3f}; at most {TARGET} is promised"
    )
    write_json(given.json, asdict(result))


if __name__ == "__main__":
    main()
