"""Whether the page's server stays quick under load: questions that arrive when they like, at half of what it can do.

    python -m benchmarks.page_load --rounds 3 --json benchmarks/results/page_load.json

A library of 100,000 made pictures that `mini` is said to have embedded, the real `search serve` of it on loopback, and
POST /api/v1/search with 50 hits. Every question has words of its own, so that each is encoded. First one question at a
time, with pauses (idle); then as many clients as keep it busy, each asking as soon as it is answered (capacity); then
an open loop: arrivals at random moments (a Poisson process) at half that rate, which wait for nobody. A time is from
the moment a question was due, so a queue is seen. The client is on the same machine and takes its part of it. All three
are a round, and the round of the median ratio counts.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from benchmarks.children import started_by
from benchmarks.first_query_setup import library
from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from benchmarks.served_page import ServedPage, environment_of
from benchmarks.warm_query import words

TARGET = 3.0  # p95 under load, by the p50 of an idle server
_MODEL = "mini"
_HITS = 50
_WARM_UP = 30  # questions that are not counted
_PAUSE_S = 0.05  # between two questions when idle
_PATIENCE_S = 30.0
_SHARE = 0.5  # of the capacity


@dataclass
class Run:
    """Questions of one kind of traffic: how long each took, and what did not end well.

    Attributes:
        took_ms: of those that were answered.
        errors: how often each status, or each kind of failure.
    """

    seconds: float = 0.0
    took_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def row(self) -> dict[str, object]:
        """What is kept of it."""
        p50, p95, p99 = (round(percentile(self.took_ms, share), 2) for share in (0.5, 0.95, 0.99))
        rate = round(len(self.took_ms) / self.seconds, 2)
        return {"answers": len(self.took_ms), "a_second": rate, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99} | {
            "slowest_ms": round(max(self.took_ms, default=0.0), 2),
            "errors": dict(self.errors),
        }


@dataclass(frozen=True)
class Result:
    """What came of it, in the round that counts.

    Attributes:
        ratio: p95 under load by the idle p50.
        ratios: of all rounds.
        memory_mb: of the server, in the processor's memory, when it was idle and after the last round; what processes
            share is counted in parts.
        beside_mb: of the processes beside it, likewise, after the last round.
    """

    rows: int
    idle: dict[str, object]
    busy: dict[str, object]
    load: dict[str, object]
    ratio: float
    ratios: list[float]
    target: float
    memory_mb: list[float]
    beside_mb: list[float]
    machine: str


class Asking:
    """A client of the server, which keeps its connections."""

    def __init__(self, url: str) -> None:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self.client = httpx.AsyncClient(base_url=url, limits=limits, timeout=_PATIENCE_S, trust_env=False)
        self._words: Iterator[str] = words()

    async def ask(self, run: Run, due: float | None = None) -> None:
        """One question that has not been asked before; timed from when it was due."""
        due = time.perf_counter() if due is None else due
        try:
            answer = await self.client.post("api/v1/search", json={"text": next(self._words), "k": _HITS})
        except httpx.HTTPError as error:
            run.errors[type(error).__name__] += 1
            return
        if answer.status_code == 200 and len(answer.json()["hits"]) > 0:
            run.took_ms.append((time.perf_counter() - due) * 1000)
        else:
            run.errors[str(answer.status_code)] += 1


@dataclass(frozen=True)
class Round:
    """Idle, busy, and the open loop at half of what busy gave."""

    idle: Run
    busy: Run
    load: Run

    @property
    def ratio(self) -> float:
        """P95 under load by the idle p50."""
        return round(percentile(self.load.took_ms, 0.95) / statistics.median(self.idle.took_ms), 2)

    @property
    def failed(self) -> bool:
        """Whether anything did not end well."""
        return bool(self.idle.errors or self.busy.errors or self.load.errors)


async def measure(url: str, asked: argparse.Namespace) -> Round:
    """One round."""
    asking = Asking(url)
    async with asking.client:
        for _ in range(_WARM_UP):
            await asking.ask(Run())
        idle = await _idle(asking, asked.idle_questions)
        busy = await _busy(asking, asked.clients, asked.busy_s)
        load = await _open_loop(asking, _SHARE * len(busy.took_ms) / busy.seconds, asked.load_s)
    return Round(idle, busy, load)


async def _idle(asking: Asking, questions: int) -> Run:
    run, began = Run(), time.perf_counter()
    for _ in range(questions):
        await asyncio.sleep(_PAUSE_S)
        await asking.ask(run)
    run.seconds = time.perf_counter() - began
    return run


async def _busy(asking: Asking, clients: int, seconds: float) -> Run:
    run, began = Run(), time.perf_counter()

    async def one() -> None:
        while time.perf_counter() - began < seconds:
            await asking.ask(run)

    await asyncio.gather(*(one() for _ in range(clients)))
    run.seconds = time.perf_counter() - began
    return run


async def _open_loop(asking: Asking, a_second: float, seconds: float) -> Run:
    run, gaps, began = Run(), random.Random(0), time.perf_counter()
    due, tasks = began, set[asyncio.Task[None]]()
    while (due := due + gaps.expovariate(a_second)) - began < seconds:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.add(asyncio.create_task(asking.ask(run, due)))
        tasks = {task for task in tasks if not task.done()}
    await asyncio.gather(*tasks)
    run.seconds = time.perf_counter() - began
    return run


def percentile(numbers: Sequence[float], share: float) -> float:
    """The smallest number that so many are not above."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def _memory_mb(process: int) -> float:
    """Its part of what is in memory: pages that several processes have mapped are shared out among them (Linux)."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
    return round(int(found[1]) / 1000, 1) if found else 0.0


def _beside(process: int) -> list[int]:
    """The processes that search beside the server."""
    programs = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in started_by(process)}
    return [child for child, program in programs.items() if b"web.beside.child" in program]


def main() -> None:
    """Measure, print, write where that was asked for; exit code 1 where the target is missed or anything failed."""
    asked = _arguments()
    folder = library(asked.work / f"lib{asked.rows}", asked.rows, _MODEL)
    with (
        tempfile.TemporaryDirectory(prefix="load-") as home,
        ServedPage(environment_of(Path(home)), folder) as site,
    ):
        site.told("ready after")
        before = _memory_mb(site.process)
        rounds = [asyncio.run(measure(site.url, asked)) for _ in range(asked.rounds)]
        memory = [before, _memory_mb(site.process)]
        beside = [_memory_mb(one) for one in _beside(site.process)]
    counts = sorted(rounds, key=lambda one: one.ratio)[len(rounds) // 2]
    ratios = [one.ratio for one in rounds]
    rows = (counts.idle.row(), counts.busy.row(), counts.load.row())
    result = Result(asked.rows, *rows, counts.ratio, ratios, TARGET, memory, beside, machine())
    print(json.dumps(asdict(result), indent=1))
    write_json(asked.json, asdict(result))
    if counts.ratio > TARGET or any(one.failed for one in rounds):
        raise SystemExit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--idle-questions", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8, help="that keep the server busy")
    parser.add_argument("--busy-s", type=float, default=10.0)
    parser.add_argument("--load-s", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "search-page")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
