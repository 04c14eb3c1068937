"""What a query takes that `search serve` answers, from exec to exit, and what of it is the server's.

    python -m benchmarks.warm_query --json benchmarks/results/warm_query.json

A library of 100,000 made pictures and random weights of the default model (see `first_query_setup`), a server of it,
and the real program, in turn: a query that finds the server, one that does not (another runtime folder), a Python that
does nothing, and one that imports open_clip. Every query has words of its own, so that each is encoded. In such a round
the processor's caches hold what other programs left there; then queries come one right after the other. Then many at
once, and what a server gives back of its memory when nobody asks.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.first_query_setup import library, random_weights
from benchmarks.retrieval import machine

TARGET_S = 0.35
TARGET_SERVER_MS = 30.0
IDLE_MINUTES = 0.1
IN_A_ROW = 20
_THINGS = ("dog", "cat", "boat", "tree", "child", "bridge", "cake", "street", "mountain", "window", "horse", "lamp")
_PLACES = ("on the beach", "in the snow", "at night", "in a garden", "by a lake", "under the trees", "in the rain")

PYTHON = sys.executable
SEARCH = (PYTHON, "-m", "cli")


@dataclass(frozen=True)
class Result:
    """Medians over the rounds; times in seconds from exec to exit unless they say otherwise."""

    rows: int
    model: str
    rounds: int
    warm_s: float
    server_ms: float  # of it, in the server
    in_a_row_s: float  # one query right after the other,
    in_a_row_server_ms: float  # and of it, in the server
    cold_s: float  # the same program without a server
    python_s: float  # one that does nothing
    open_clip_s: float  # one that imports open_clip
    warm_of_cold: float  # medians of the rounds' own ratios
    warm_of_open_clip: float
    at_once: int
    at_once_s: float  # until the last of so many that began together has ended
    loaded_mb: float  # resident, of the server
    idle_mb: float  # when it has let go
    machine: str


def main() -> None:
    """Measure, print, and write where that was asked for."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="warm-") as runtime:
        elsewhere = Path(runtime) / "elsewhere"
        elsewhere.mkdir()
        os.environ |= {"XDG_RUNTIME_DIR": runtime, "TMPDIR": runtime, "SEARCH_CONFIG": str(elsewhere / "none.toml")}
        os.environ |= {"HF_HUB_CACHE": str(asked.work / "hub"), "HF_HUB_OFFLINE": "1"}
        random_weights(asked.model)
        folder = library(asked.work / f"lib{asked.rows}", asked.rows, asked.model)
        os.environ["SEARCH_LIBRARY"] = str(folder)
        result = measure(asked, {"XDG_RUNTIME_DIR": str(elsewhere), "TMPDIR": str(elsewhere)})
    print(json.dumps(asdict(result), indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(result), indent=1) + "\n")


def measure(asked: argparse.Namespace, elsewhere: Mapping[str, str]) -> Result:
    """All of it."""
    texts = words()
    with server(idle_minutes=0):
        timed(*SEARCH, "query", next(texts))  # the first of each is not counted
        timed(*SEARCH, "query", next(texts), environment=elsewhere)
        rounds = [one_round(texts, elsewhere) for _ in range(asked.rounds)]
        in_a_row = [by_the_server(texts) for _ in range(IN_A_ROW)]
        at_once_s = all_at_once(texts, asked.at_once)
    with server(idle_minutes=IDLE_MINUTES) as process:
        timed(*SEARCH, "query", next(texts))
        loaded_mb = resident_mb(process.pid)
        expect(process, "nobody has asked")
        idle_mb = resident_mb(process.pid)
    warm, server_ms, cold, python, open_clip = (list(column) for column in zip(*rounds, strict=True))
    return Result(
        rows=asked.rows,
        model=asked.model,
        rounds=asked.rounds,
        warm_s=median(warm),
        server_ms=median(server_ms),
        in_a_row_s=median([seconds for seconds, _ in in_a_row]),
        in_a_row_server_ms=median([ms for _, ms in in_a_row]),
        cold_s=median(cold),
        python_s=median(python),
        open_clip_s=median(open_clip),
        warm_of_cold=median([one / other for one, other in zip(warm, cold, strict=True)]),
        warm_of_open_clip=median([one / other for one, other in zip(warm, open_clip, strict=True)]),
        at_once=asked.at_once,
        at_once_s=round(at_once_s, 3),
        loaded_mb=loaded_mb,
        idle_mb=idle_mb,
        machine=machine(),
    )


def one_round(texts: Iterator[str], elsewhere: Mapping[str, str]) -> tuple[float, float, float, float, float]:
    """Each program once, one after the other: warm, of it in the server (ms), cold, nothing, open_clip."""
    warm, server_ms = by_the_server(texts)
    cold, said = timed(*SEARCH, "query", "-v", next(texts), environment=elsewhere)
    if "answered here" not in said:
        raise SystemExit(f"this was to be answered without a server: {said}")
    nothing, _ = timed(PYTHON, "-c", "pass")
    open_clip, _ = timed(PYTHON, "-c", "import open_clip")
    return warm, server_ms, cold, nothing, open_clip


def by_the_server(texts: Iterator[str]) -> tuple[float, float]:
    """Seconds of one query from exec to exit, and the milliseconds of them in the server."""
    took, said = timed(*SEARCH, "query", "-v", next(texts))
    server_ms = re.search(r"answered by the server .*?, ([\d.]+) ms in it", said)
    if server_ms is None:
        raise SystemExit(f"the server did not answer: {said}")
    return took, float(server_ms[1])


def timed(*command: str, environment: Mapping[str, str] | None = None) -> tuple[float, str]:
    """Seconds from exec to exit, and what was said on stderr."""
    started = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **(environment or {})}
    )
    return time.perf_counter() - started, done.stderr


def all_at_once(texts: Iterator[str], clients: int) -> float:
    """Seconds until the last of so many queries is answered."""
    quiet = subprocess.DEVNULL
    started = time.perf_counter()
    processes = [subprocess.Popen([*SEARCH, "query", next(texts)], stdout=quiet, stderr=quiet) for _ in range(clients)]
    if any(process.wait() for process in processes):
        raise SystemExit("a query failed")
    return time.perf_counter() - started


@contextmanager
def server(*, idle_minutes: float) -> Iterator[subprocess.Popen[str]]:
    """`search serve`, ready."""
    command = [*SEARCH, "serve", "--no-page", "--idle", str(idle_minutes)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            expect(process, "answering")
            yield process
        finally:
            process.terminate()


def expect(process: subprocess.Popen[str], line: str) -> None:
    """Wait until the server says this."""
    for said in process.stderr or ():
        if said.startswith(line):
            return
    raise SystemExit(f"the server ended before it said: {line}")


def resident_mb(process: int) -> float:
    """What a process has in memory, files that it has mapped included (Linux)."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return round(int(found[1]) / 1000, 1) if found else 0.0


def words() -> Iterator[str]:
    """Queries, none of them twice."""
    number = 0
    while True:
        thing, place = _THINGS[number % len(_THINGS)], _PLACES[number % len(_PLACES)]
        yield f"a {thing} {place}" if number < len(_THINGS) * len(_PLACES) else f"a {thing} {place}, number {number}"
        number += 1


def median(numbers: Sequence[float]) -> float:
    """To four digits."""
    return float(f"{statistics.median(numbers):.4g}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--model", default="ViT-B-32-datacomp")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "search-first-query")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
