"""What exported graphs gain on a CPU: one text in a process of its own, and batches of pictures.

    python -m benchmarks.graphs --json benchmarks/results/graphs.json

A model of the catalogue with random weights, laid into a hub cache of the benchmark's own (`--scratch`).

* texts: a process that encodes one text and ends, from its start to its end: by graph, by torch as before, and beside
  them `import open_clip` alone. Files are in the page cache.
* pictures: batches of 16 through torch in float32 and in bfloat16 throughout, and through graphs in both and in eight
  bits, with one thread and with two; pictures per second of CPU with one thread, of the clock with two. The rows'
  lowest cosine with torch's float32 is said for each.

Within a round everything is measured, one after the other; the medians count.
"""

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.children import in_child
from benchmarks.first_query_setup import random_weights
from encoders import load_encoder
from encoders.graphs import Tower

BATCH = 16
TEXT = "a dog on the beach"
_BY_TORCH = """
from encoders.device import Placement, Precision
from encoders import ClipEncoder
from encoders.names import resolve
from encoders.weights import files_of
spec, source = resolve({model!r})
encoder = ClipEncoder(spec, source, files_of(spec.name, source), placement=Placement("cpu", Precision.FLOAT32, ""))
encoder.encode_texts([{text!r}])
"""
_BY_GRAPH = "import encoders; encoders.load_encoder({model!r}).encode_texts([{text!r}])"


@dataclass(frozen=True)
class Process:
    """Medians over the rounds, of a whole process."""

    wall_s: float
    cpu_s: float
    peak_rss_mb: float


@dataclass(frozen=True)
class Pictures:
    """One way of encoding pictures; medians over the rounds."""

    per_s: float
    cosine: float  # the lowest with torch's float32


@dataclass(frozen=True)
class Result:
    """Everything, and the two ratios that count."""

    model: str
    rounds: int
    texts: dict[str, Process]
    text_to_open_clip: float  # wall, of the same round
    pictures: dict[str, dict[str, Pictures]]  # by threads, then by way
    graph_to_float32: float  # pictures per second of CPU, one thread
    processor: str


def whole_process(code: str) -> Process:
    """Runs a program to its end, which says itself how much memory it had: the system counts its parent's, too."""
    started = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", f"{code}\nprint(open('/proc/self/status').read())"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    told = running.stdout.read() if running.stdout else ""
    _, status, used = os.wait4(running.pid, 0)
    wall = time.perf_counter() - started
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise SystemExit(f"this ended with {running.returncode}: {code}")
    peak = next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM:"))
    return Process(wall, used.ru_utime + used.ru_stime, peak / 1024)


def texts(model: str, rounds: int) -> tuple[dict[str, Process], float]:
    """The three kinds of process, and the median ratio of a graph's wall time to that of `import open_clip`."""
    codes = {
        "open_clip": "import open_clip",
        "torch": _BY_TORCH.format(model=model, text=TEXT),
        "graph": _BY_GRAPH.format(model=model, text=TEXT),
    }
    ran: dict[str, list[Process]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            ran[name].append(whole_process(code))
    ratios = [graph.wall_s / other.wall_s for graph, other in zip(ran["graph"], ran["open_clip"], strict=True)]
    return {name: _median_of(found) for name, found in ran.items()}, statistics.median(ratios)


def pictures(model: str, rounds: int, threads: int) -> dict[str, Pictures]:
    """The five ways, in this process, which was told how many threads to take."""
    ways = _ways(model, threads)
    side = load_encoder(model).info.preprocess.height
    dice = np.random.default_rng(0)
    coarse = dice.integers(0, 256, (BATCH, side // 8, side // 8, 3)).repeat(8, 1).repeat(8, 2)
    shown = np.clip(coarse + dice.normal(0, 10, coarse.shape), 0, 255).astype(np.uint8)
    rows = {name: way(shown) for name, way in ways.items()}
    clock = time.process_time if threads == 1 else time.perf_counter
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = clock()
            way(shown)
            took[name].append(clock() - started)
    exact = rows["torch float32"]
    return {
        name: Pictures(BATCH / statistics.median(took[name]), float((rows[name] * exact).sum(axis=1).min()))
        for name in ways
    }


def _ways(model: str, threads: int) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    import torch

    from encoders import ClipEncoder
    from encoders.device import Placement, Precision
    from encoders.graphs.converting import compile_to, convert
    from encoders.graphs.modules import ImageModule
    from encoders.graphs.runtime import Arithmetic, CompiledGraph
    from encoders.names import resolve
    from encoders.pixels import normalised
    from encoders.quiet import quiet
    from encoders.weights import files_of

    torch.set_num_threads(threads)
    spec, source = resolve(model)
    files = files_of(spec.name, source)
    if files is None:
        raise SystemExit(f"{model} is not there")
    plain = ClipEncoder(spec, source, files, placement=Placement("cpu", Precision.FLOAT32, ""))

    visual: Any = plain._torch.load().model.visual
    half = copy.deepcopy(visual).to(torch.bfloat16)

    def bfloat16(shown: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            rows = half(normalised(shown, source.preprocess, "cpu").to(torch.bfloat16)).float()
            return np.asarray(torch.nn.functional.normalize(rows, dim=-1).numpy())

    ways = {"torch float32": plain.encode_pixels, "torch bfloat16": bfloat16}
    fit = source.preprocess
    example = torch.zeros((2, fit.height, fit.width, 3), dtype=torch.uint8)
    with quiet(), tempfile.TemporaryDirectory() as folder:
        module = ImageModule(visual, fit)
        graph = convert(module, example, [-1, *example.shape[1:]], Path(folder))
        for arithmetic in Arithmetic:
            blob = Path(folder) / f"{arithmetic}.blob"
            compile_to(blob, graph, arithmetic)
            ways[f"graph {arithmetic}"] = CompiledGraph(blob, arithmetic)
    return ways


def _median_of(found: list[Process]) -> Process:
    return Process(
        *(statistics.median(values) for values in zip(*(asdict(one).values() for one in found), strict=True))
    )


def measure(model: str, rounds: int) -> Result:
    """Everything."""
    random_weights(model)
    encoder = load_encoder(model)
    encoder.prepare()
    for tower in Tower:
        print(f"{tower}: {encoder.how(tower)}", flush=True)
    by_process, ratio = texts(model, rounds)
    by_threads = {str(n): in_child(pictures, model, rounds, n, threads=n).result for n in (1, 2)}
    one = by_threads["1"]
    best = f"graph {encoder.how(Tower.IMAGE).rpartition(' ')[2]}"
    from encoders.graphs.runtime import processor

    return Result(
        model=model,
        rounds=rounds,
        texts=by_process,
        text_to_open_clip=ratio,
        pictures=by_threads,
        graph_to_float32=one[best].per_s / one["torch float32"].per_s,
        processor=processor(),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="ViT-B-32-datacomp")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-benchmark")
    parser.add_argument("--json", type=Path, help="write the result there")
    given = parser.parse_args()
    os.environ["HF_HUB_CACHE"] = str(given.scratch / "hub")
    result = measure(given.model, given.rounds)
    told = json.dumps(asdict(result), indent=1)
    print(told)
    if given.json:
        given.json.write_text(told + "\n")


if __name__ == "__main__":
    main()
