"""Vector search at any size in bounded memory: 200,000 rows in minutes, 10,000,000 with 12 GB of disk in hours.

    python -m benchmarks.scale --rows 200000 --folder scratch/scale
    python -m benchmarks.scale --rows 1000000 --folder scratch/scale --recall 0.99,0.98
    python -m benchmarks.scale --rows 10000000 --folder scratch/scale --queries 50

Rows are made block by block straight into a vector file (benchmarks/clip_like.py); the index is built over it as a
library does, in a process of its own; both are kept in the folder and used again (--rebuild builds the index anew).
Texts are as hard as recorded nouns, or, with --texts shifted, pictures moved by the gap between pictures and texts, of
which the library knows enough captions to measure with.
Then, each in processes of their own: the library is opened and asked for the first time, with its files in memory and
not; what was built for each recall is asked in turn with the exact scan; asked alone, a query after the other; and
asked while the page cache holds no row. Times are CPU time of one thread, medians of repeats; those of opening and
of a cold page cache are wall time, too. RAM is anonymous memory; peak RSS also holds pages of mapped files, which the
system takes back when it needs them. At 1,000,000 × 512 it says which promises were kept; the exit status is 1 where
one was not.
"""

import argparse
import dataclasses
import functools
import json
import shutil
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.asking import Timed, ask_all
from benchmarks.children import Cost, Served, in_child
from benchmarks.clip_like import Texts
from benchmarks.cold import cold_queries, first_answer, forget
from benchmarks.errors import BenchmarkError
from benchmarks.questions import NEW, TEXT, Questions
from benchmarks.retrieval import machine
from benchmarks.scale_steps import Library, Searching, ask_questions, back_to_back, build_one, make_rows
from benchmarks.scale_targets import DIM, ROWS, promises
from db.vectors.engine import load_faiss

RESULTS = Path(__file__).parent / "results"
_EXACT = "exact scan"
_COLD = 20  # queries of each kind with a cold page cache


def made(library: Library, recalls: list[float], *, rebuild: bool) -> dict[str, Any]:
    """Rows and indexes in the folder, made where they are not there; what that cost, as it was when they were made."""
    path = library.folder / "made.json"
    if not library.is_made():
        _say(f"making {library.rows:,} vectors")
        shutil.rmtree(library.folder, ignore_errors=True)
        library.folder.mkdir(parents=True)
        path.write_text(json.dumps({"rows": _cost(in_child(make_rows, library).cost), "indexes": {}}))
    said: dict[str, Any] = json.loads(path.read_text())
    for recall in recalls:
        if rebuild or str(recall) not in said["indexes"]:
            _say(f"building the index for a recall of {recall}")
            done = in_child(build_one, library, recall)
            said["indexes"][str(recall)] = {"cost": _cost(done.cost), "record": done.result}
            path.write_text(json.dumps(said, indent=2))
    said["indexes"] = {str(recall): said["indexes"][str(recall)] for recall in recalls}
    return said


def asked_in_turn(library: Library, recalls: list[float], questions: Questions, repeats: int) -> dict[str, Any]:
    """Recall, times and memory of each index and of the exact scan."""
    names: dict[str, float | None] = {str(recall): recall for recall in recalls}
    names[_EXACT] = None
    with ExitStack() as stack:
        served = {
            name: stack.enter_context(Served(load_faiss, Timed(Searching(library, recall)), name=name))
            for name, recall in names.items()
        }
        asked = ask_all(served, dict.fromkeys(names, (0,)), questions, library.view(), repeats)
        return {
            name: {
                **dataclasses.asdict(asked[name][0])["kinds"],
                "ram_per_row": child.held_bytes / library.rows,
                "ram_peak_per_row": child.peak_bytes / library.rows,
            }
            for name, child in served.items()
        }


def opened(library: Library, recall: float, questions: Questions, *, cold: bool) -> dict[str, Any]:
    """The first answer after opening, and queries that have to read from the disk."""
    opener = functools.partial(library.open, recall)
    ask = functools.partial(in_child, first_answer, opener, questions.vectors[-1], threads=1)
    ask()  # the files are in memory now
    found: dict[str, Any] = {"first_answer_warm": dataclasses.asdict(ask().result)}
    if cold:
        _say("asking with a cold page cache")
        forget(library.folder)
        found["first_answer_cold"] = dataclasses.asdict(ask().result)
        for kind in (NEW, TEXT):
            done = in_child(cold_queries, opener, library.folder, questions.of(kind)[:_COLD], threads=1)
            found[f"cold_{kind}"] = dataclasses.asdict(done.result)
    return found


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Everything, as what is written to the results."""
    recalls = [float(recall) for recall in asked.recall.split(",")]
    library = Library(asked.folder / _name(asked, f"{asked.rows}x{asked.dim}"), asked.rows, asked.dim, asked.texts)
    result = {
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "rows": asked.rows,
        "dim": asked.dim,
        "texts": asked.texts,
        "queries": asked.queries,
        "repeats": asked.repeats,
        "made": made(library, recalls, rebuild=asked.rebuild),
        "disk_per_row": sum(path.stat().st_size for path in library.folder.glob("vectors.*")) / asked.rows,
    }
    _say("finding the exact answers")
    questions = in_child(ask_questions, library, asked.queries).result
    result["opened"] = {str(recall): opened(library, recall, questions, cold=asked.cold) for recall in recalls}
    _say(f"asking {len(questions)} queries, {asked.repeats} times")
    result["in_turn"] = asked_in_turn(library, recalls, questions, asked.repeats)
    result["back_to_back"] = {
        str(recall): in_child(back_to_back, library, recall, questions, asked.repeats, threads=1).result
        for recall in recalls
    }
    if (asked.rows, asked.dim) == (ROWS, DIM):
        result["promises"] = {
            str(recall): [dataclasses.asdict(kept) | {"kept": kept.kept} for kept in promises(result, recall)]
            for recall in recalls
        }
    return result


def _name(asked: argparse.Namespace, name: str) -> str:
    return name if asked.texts is Texts.NOUNS else f"{name}_{asked.texts}"


def _cost(cost: Cost) -> dict[str, float]:
    return dataclasses.asdict(cost)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=DIM)
    parser.add_argument("--folder", type=Path, required=True, help="where rows and indexes are made, and kept")
    parser.add_argument("--texts", type=Texts, choices=tuple(Texts), default=Texts.NOUNS, help="how hard they are")
    parser.add_argument("--recall", default="0.99", help="recalls to build for, with commas")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--repeats", type=int, default=3, help="of each query")
    parser.add_argument("--rebuild", action="store_true", help="build the indexes anew over the rows that are there")
    parser.add_argument("--no-cold", dest="cold", action="store_false", help="leave the page cache alone")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of scale_<rows>.json")
    return parser


def main() -> int:
    """Runs it; 1 where it cannot, or where a promise was not kept."""
    asked = parser().parse_args()
    try:
        result = run(asked)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / f"{_name(asked, f'scale_{asked.rows}')}.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    kept = True
    for recall in result.get("promises", {}):
        for promise in promises(result, float(recall)):
            print(f"recall {recall}: {promise.line()}")
            kept &= promise.kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
