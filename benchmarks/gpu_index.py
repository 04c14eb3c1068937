"""The vector index on a GPU against the same machine's CPU: building it, and many queries at once, at recall@10 ≥ 0.95.

    python -m benchmarks.gpu_index --rows 10000000 --json benchmarks/results/gpu_index.json

Needs an NVIDIA GPU, torch with CUDA (it makes the vectors) and faiss-gpu; without them it says so and exits 2. 10
million vectors of 512 numbers take 10 GB of the CPU's memory beside the indexes, nothing on disk but those. Building on
the CPU is measured with `--cpu-rows` of the rows, on both devices, and the ratio is of these two; the CPU searches all
rows through the index that the GPU built. Each step is written to the file when it is done; none begins after
`--limit` seconds. What is missing then is measured by another run with `--only STEP…` and the same file.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.clip_like import World
from benchmarks.clip_like_gpu import exact_scores, make_rows
from benchmarks.results_file import Steps
from benchmarks.retrieval import machine
from core.arrays import HalfRows, Vectors
from core.errors import SearchError
from core.indexing import Progress
from core.models import Device
from db.vectors import IndexRecord, RowSearcher, build_index
from db.vectors.engine import load_faiss
from db.vectors.gpu import find_cuda
from db.vectors.gpu_batch import PLAIN_ORDER
from db.vectors.gpu_search import GpuIvfPq
from db.vectors.ivfpq import open_index
from db.vectors.sampling import sample_rows, text_like

HITS = 10
TARGET = 0.95
AIMED_AT = 0.965  # when building: new queries find a little less than those an index was measured with
TIE = 1e-5  # float32 products against float64 ones


class InMemory:
    """Rows as `RowSearcher` takes a file of them."""

    def __init__(self, rows: HalfRows) -> None:
        self._rows = rows

    def view(self, count: int) -> HalfRows:
        """The first `count`."""
        return self._rows[:count]


@dataclass
class Asked:
    """Queries of one kind, and the score that the tenth best row has."""

    kind: str
    queries: Vectors
    tenth: np.ndarray


@dataclass(kw_only=True)
class Run(Steps):
    """What is measured with, what was measured so far, and where it goes."""

    rows: HalfRows
    asked: list[Asked]
    folder: Path


def build(
    run: Run, rows: HalfRows, device: Device, generation: int, *, gpu_codes: bool = False
) -> tuple[IndexRecord, dict[str, float]]:
    """An index over these rows, and after how many seconds it began with what."""
    began: dict[str, float] = {}
    started = time.perf_counter()

    def tell(progress: Progress) -> None:
        if progress.note and progress.note not in began:
            began[progress.note] = time.perf_counter() - started
            print(f"{time.perf_counter() - run.started:5.0f} s    {progress.note}", file=sys.stderr, flush=True)

    record = build_index(
        rows,
        folder=run.folder,
        generation=generation,
        target_recall=AIMED_AT,
        device=device,
        gpu_codes=gpu_codes,
        on_progress=tell,
    )
    return record, began


def search(run: Run, searcher: RowSearcher, device: Device) -> dict[str, float]:
    """Queries per second, all at once, and the recall of both kinds."""
    searcher.search_many(run.asked[0].queries[:64], HITS, device=device)  # the index is read, the GPU's copy made
    measured: dict[str, float] = {}
    seconds = count = 0.0
    for asked in run.asked:
        began = time.perf_counter()
        found = searcher.search_many(asked.queries, HITS, device=device)
        seconds += time.perf_counter() - began
        count += len(found)
        right = [np.count_nonzero(one.scores >= tenth - TIE) for one, tenth in zip(found, asked.tenth, strict=True)]
        measured[f"recall_{asked.kind}"] = float(np.mean(right)) / HITS
    return {"queries_per_second": count / seconds, **measured}


def holding_codes(run: Run, record: IndexRecord) -> RowSearcher:
    """A searcher whose GPUs hold the index, as they would if the rows did not fit them."""
    cuda = find_cuda(Device.CUDA)
    assert cuda is not None
    searcher = RowSearcher(InMemory(run.rows), len(run.rows), record, run.folder)
    codes = open_index(run.folder, record, run.rows).index
    searcher._held = GpuIvfPq(cuda, codes, nprobe=PLAIN_ORDER * record.nprobe, wanted=record.candidates)
    return searcher


def make_queries(rows: HalfRows, count: int) -> list[Asked]:
    """So many of each kind."""
    rng = np.random.default_rng(0)
    images = sample_rows(rows, None, count, rng)
    centre = sample_rows(rows, None, 20_000, rng).mean(axis=0)
    kinds = {"image": images, "text": text_like(images, centre, rng)}
    return [Asked(kind, some, exact_scores(rows, some, HITS)[:, -1]) for kind, some in kinds.items()]


def measure(run: Run, cpu_rows: int) -> None:
    """Every step, the ones that matter most first."""
    rows, file = run.rows, InMemory(run.rows)
    some = rows[:cpu_rows]
    built: dict[str, IndexRecord] = {}

    def building(name: str, of: HalfRows, device: Device, *, gpu_codes: bool = False) -> Callable[[], object]:
        def do() -> object:
            built[name], began = build(run, of, device, len(built) + 1, gpu_codes=gpu_codes)
            return {"rows": len(of), "began": began, **asdict(built[name])}

        return do

    def searching(name: str, device: Device) -> Callable[[], object]:
        return lambda: search(run, RowSearcher(file, len(rows), built.get(name), run.folder), device)

    run.step("search_gpu_rows_exact", searching("none", Device.CUDA))
    run.step("build_gpu", building("all", rows, Device.CUDA))
    if "all" in built:
        run.step("search_cpu", searching("all", Device.CPU))
    run.step("build_gpu_some", building("gpu", some, Device.CUDA))
    run.step("build_cpu_some", building("cpu", some, Device.CPU))
    if {"gpu", "cpu"} <= built.keys():
        run.result["build_times_faster"] = built["cpu"].seconds / built["gpu"].seconds
        run.write()
    run.step("build_gpu_codes", building("codes", rows, Device.CUDA, gpu_codes=True))
    if "codes" in built:
        run.step("search_gpu_codes", lambda: search(run, holding_codes(run, built["codes"]), Device.CUDA))


def missing() -> str | None:
    """Why it cannot run here; None where it can."""
    try:
        find_cuda(Device.CUDA)
        import torch
    except (SearchError, ImportError) as error:
        return str(error)
    return None if torch.cuda.is_available() else "torch, which makes the vectors, sees no CUDA device"


def start(options: argparse.Namespace, folder: Path) -> Run:
    """Rows, queries and what is true of them."""
    import torch

    started = time.perf_counter()
    rows = make_rows(World(options.dim), options.rows)
    made = time.perf_counter() - started
    asked = make_queries(rows, options.queries)
    torch.cuda.empty_cache()  # the rest is faiss's
    result = {
        "machine": machine(),
        "gpu": [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())],
        "faiss": load_faiss().__version__,
        "rows": options.rows,
        "dim": options.dim,
        "queries_of_each_kind": options.queries,
        "target_recall": TARGET,
        "aimed_at_when_building": AIMED_AT,
        "seconds_to_make_rows": made,
    }
    if options.only and options.json is not None and options.json.exists():
        result = {**json.loads(options.json.read_text()), **result}
    return Run(
        rows=rows,
        asked=asked,
        folder=folder,
        json=options.json,
        limit_s=options.limit,
        only=options.only,
        result=result,
        started=started,
    )


def main() -> None:
    """Runs it, where there is a GPU."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--cpu-rows", type=int, default=1_000_000, help="of them, to compare building with the CPU's")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--queries", type=int, default=5_000, help="of each kind")
    parser.add_argument("--limit", type=float, default=450, help="seconds after which no step begins")
    parser.add_argument("--only", nargs="*", default=[], metavar="STEP", help="these steps, by their names in the file")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    options = parser.parse_args()
    if why := missing():
        print(f"this benchmark needs a GPU: {why}", file=sys.stderr)
        sys.exit(2)
    with tempfile.TemporaryDirectory() as scratch:
        run = start(options, Path(scratch))
        measure(run, options.cpu_rows)
    print(json.dumps(run.result, indent=2))


if __name__ == "__main__":
    main()
