"""The library's vector search against what one would take instead: same vectors, same machine, one run.

    python -m benchmarks.index_compare --rows 100000 --keep scratch/compare
    python -m benchmarks.index_compare --rows 100000 --keep scratch/compare      # again: only the queries
    python -m benchmarks.index_compare --rows 20000 --rivals ours-0.99,numpy

Rivals (benchmarks/rivals, one file each): this library built for a recall of 0.99 and of 0.98, faiss's plain IVF-PQ,
usearch, hnswlib, numpy over a resident float32 matrix, and rclip's loop over blobs in SQLite. Every one is built in a
process of its own with all cores, and opened from its files in another with one thread; these stay open and are asked
in turn, one query each, so that a busy moment hits all of them, and caches are as cold as they are between the queries
of a person. A query's time is the CPU time of the thread that answers it, the median of its repeats; every rival is
asked with each of its efforts. RAM is anonymous memory, by which the process has grown when it has opened its files and
answered: pages of mapped files (our float16 rows) belong to the page cache and are counted as disk.

Vectors are made (benchmarks/clip_like.py); queries and exact answers are those of benchmarks/questions.py. The folder
of --keep holds what was built, with a fingerprint of the rows it was built from. Needs the extra `bench`; without it
the rivals that lack a package are left out, and said so.
"""

import argparse
import dataclasses
import functools
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.asking import Asked, Timed, ask_all
from benchmarks.children import Served
from benchmarks.clip_like import World
from benchmarks.errors import BenchmarkError
from benchmarks.index_compare_report import Compared, Figures, write_report
from benchmarks.kept import Kept, Rows, made_rows
from benchmarks.questions import make_questions
from benchmarks.retrieval import machine
from benchmarks.rivals import RIVALS, Rival
from benchmarks.rivals.contract import is_missing
from core.arrays import RowNumbers, Vectors

RESULTS = Path(__file__).parent / "results"


def compare(rows: Rows, rivals: Sequence[Rival], folder: Path, *, queries: int, repeats: int) -> Compared:
    """Builds what is not built yet, asks all, and returns the figures.

    Args:
        rows: the library.
        rivals: ours first: ratios are to the first one's.
        folder: of what is built.
        queries: of each kind.
        repeats: of each query.

    Raises:
        BenchmarkError: one of them could not be built or opened.
    """
    kept = {rival.name: Kept.of(rival, rows, folder) for rival in rivals}
    _say("finding the exact answers")
    questions = make_questions(rows.world, rows.view, queries)
    with ExitStack() as stack:
        served = {}
        for rival in rivals:
            _say(f"opening {rival.title}")
            opener = Timed(functools.partial(_opener, rival, kept[rival.name].folder))
            served[rival.name] = stack.enter_context(Served(rival.load, opener, name=rival.title))
        _say(f"asking {2 * queries} queries, {repeats} times")
        asked = ask_all(served, {rival.name: rival.efforts for rival in rivals}, questions, rows.view, repeats)
        memory = {name: (child.held_bytes, child.peak_bytes) for name, child in served.items()}
    figures = [_figures(rival, kept[rival.name], asked[rival.name], memory[rival.name], rows) for rival in rivals]
    return Compared(
        machine=machine(),
        date=datetime.now(UTC).date().isoformat(),
        rows=len(rows.view),
        dim=rows.view.shape[1],
        queries=queries,
        repeats=repeats,
        left_out=(),
        rivals=tuple(figures),
    )


def _opener(rival: Rival, folder: Path) -> Callable[[Vectors, int, int], RowNumbers]:
    """In the rival's own process."""
    return rival.open(folder).search


def _figures(rival: Rival, kept: Kept, asked: tuple[Asked, ...], memory: tuple[int, int], rows: Rows) -> Figures:
    count = len(rows.view)
    return Figures(
        name=rival.name,
        title=rival.title,
        knob=rival.knob,
        about=kept.about,
        ram_held_per_row=memory[0] / count,
        ram_peak_per_row=memory[1] / count,
        disk_per_row=kept.disk_bytes / count,
        build_cpu_s=kept.cost.cpu_s,
        build_peak_rss=kept.cost.peak_rss_bytes,
        asked=asked,
    )


def chosen(names: str | None) -> tuple[list[Rival], tuple[str, ...]]:
    """The rivals of these names, and a line for each one that is left out for want of its package.

    Raises:
        BenchmarkError: a name is not known, or the package of one that was named is missing.
    """
    known = {rival.name: rival for rival in RIVALS}
    wanted = list(known) if names is None else names.split(",")
    if unknown := [name for name in wanted if name not in known]:
        raise BenchmarkError(f"no rival {', '.join(unknown)}: there are {', '.join(known)}")
    missing = [known[name] for name in wanted if is_missing(known[name])]
    lines = tuple(
        f"{rival.title}: the package {rival.package} is missing: pip install -e '.[bench]'" for rival in missing
    )
    if names is not None and lines:
        raise BenchmarkError(lines[0])
    return [known[name] for name in wanted if known[name] not in missing], lines


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--vectors", type=Path, help="float16 rows of World(dim) as .npy: the first --rows of it")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--repeats", type=int, default=3, help="of each query")
    parser.add_argument("--rivals", help=f"of {', '.join(rival.name for rival in RIVALS)}; with commas; default all")
    parser.add_argument("--keep", type=Path, help="folder of what is built; used again where it is there")
    parser.add_argument("--rebuild", default="", help="rivals to build anew although they are kept; with commas")
    parser.add_argument("--only-build", action="store_true", help="build into --keep, ask nothing")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of index_compare_<rows>.json, .md and .png")
    return parser


def run(asked: argparse.Namespace, folder: Path) -> None:
    """Does what was asked, with what is built in `folder`."""
    rivals, left_out = chosen(asked.rivals)
    for line in left_out:
        _say(f"left out: {line}")
    rows = made_rows(World(asked.dim), asked.rows, asked.vectors, folder)
    for name in filter(None, asked.rebuild.split(",")):
        shutil.rmtree(folder / f"{name}-{asked.rows}", ignore_errors=True)
    if asked.only_build:
        for rival in rivals:
            Kept.of(rival, rows, folder)
        return
    compared = compare(rows, rivals, folder, queries=asked.queries, repeats=asked.repeats)
    print(write_report(dataclasses.replace(compared, left_out=left_out), asked.out))


def main() -> int:
    """Runs it; 1 and one line where it cannot."""
    asked = parser().parse_args()
    if asked.only_build and not asked.keep:
        print("--only-build needs --keep FOLDER", file=sys.stderr)
        return 2
    try:
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            run(asked, asked.keep)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                run(asked, Path(scratch))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
