"""How long the first query takes, from exec to exit, beside `import open_clip` and beside rclip.

    python -m benchmarks.first_query --folder /tmp/first-query --json benchmarks/results/first_query.json
    python -m benchmarks.first_query --folder /tmp/first-query --where

The real program is started with default settings on libraries of made vectors, with the default model's shapes (random
weights) and with `mini`; no server runs, no BLIP is here, files are in the page cache, bytecode is on disk, and the
graphs were made before. All are run in turns, in an order that changes, and a ratio is the median of the rounds'.
Where --rclip names the folder of an installed rclip with stand-in weights and filled databases (venv/, dd_query_ROWS/,
root/), it is run beside. --where prints what the time goes to instead.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.children import in_child
from benchmarks.first_query_setup import library, random_weights
from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from core.settings import DEFAULT_MODEL

WORDS = "a dog on the beach"
SEARCH = Path(sys.executable).with_name("search")
OPEN_CLIP = "import open_clip"


@dataclass(frozen=True)
class Target:
    """At most so much of another's time."""

    of: str
    beside: str
    limit: float


TARGETS = (
    Target(f"{DEFAULT_MODEL}, 100,000", OPEN_CLIP, 0.20),
    Target("mini, 100,000", OPEN_CLIP, 0.15),
    Target(f"{DEFAULT_MODEL}, 100,000", "rclip, 100,000", 0.5),
    Target(f"{DEFAULT_MODEL}, 1,000,000", "rclip, 1,000,000", 0.06),
)


@dataclass(frozen=True)
class Program:
    """One thing that is started, and how its runs went."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    cwd: Path
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Once, from exec to exit."""
        started = time.perf_counter()
        process = subprocess.Popen(
            self.command, env=self.environment, cwd=self.cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        self.wall_s.append(time.perf_counter() - started)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{self.name} ended with {process.returncode}: {said.decode(errors='replace')[-500:]}")
        self.cpu_s.append(used.ru_utime + used.ru_stime)
        self.rss_mb.append(used.ru_maxrss / 1024)

    def forget(self) -> None:
        """What was run so far does not count."""
        for numbers in (self.wall_s, self.cpu_s, self.rss_mb):
            numbers.clear()


def main() -> None:
    """Measures, prints and writes it down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="for weights and libraries; kept")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000], help="of the default model's libraries")
    parser.add_argument("--rclip", type=Path, help="the folder of an installed rclip")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the result there, too")
    parser.add_argument("--where", action="store_true", help="print what the time of one query goes to")
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    if not environment_of(folder).items() <= os.environ.items() or "PYTHONDONTWRITEBYTECODE" in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], whole_environment(folder))
    libraries = in_child(prepare, folder, asked.rows).result  # what is started takes over how large this process was
    if asked.where:
        first = next(iter(libraries.values()))
        command = [sys.executable, "-m", "benchmarks.where", "query", WORDS, "--library", str(first)]
        raise SystemExit(subprocess.run(command, check=False).returncode)
    result = measured([*ours(libraries), *rclips(asked.rclip, asked.rows)], asked.rounds)
    write_json(asked.json, result)
    print("\n".join(table(result)))


def environment_of(folder: Path) -> dict[str, str]:
    """What programs are told: models, caches, settings and bytecode of this benchmark's own, and no network."""
    return {
        "HF_HUB_CACHE": str(folder / "hub"),
        "HF_HUB_OFFLINE": "1",
        "XDG_CACHE_HOME": str(folder / "caches"),
        "SEARCH_CONFIG": str(folder / "no-config.toml"),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }


def whole_environment(folder: Path) -> dict[str, str]:
    """This process's, with those."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "PYTHONDONTWRITE"))}
    return kept | environment_of(folder)


def prepare(folder: Path, rows: Sequence[int]) -> dict[str, Path]:
    """Weights and libraries, where they are not there yet: what a query is called, and where it looks."""
    random_weights(DEFAULT_MODEL)
    wanted = [(DEFAULT_MODEL, count) for count in rows] + [("mini", 100_000)]
    return {f"{model}, {count:,}": library(folder / f"{model}-{count}", count, model) for model, count in wanted}


def ours(libraries: Mapping[str, Path]) -> list[Program]:
    """This program on each library, and `import open_clip`."""
    here, elsewhere = dict(os.environ), Path("/")
    queries = [
        Program(name, (str(SEARCH), "query", WORDS, "--library", str(path)), here, elsewhere)
        for name, path in libraries.items()
    ]
    return [*queries, Program(OPEN_CLIP, (sys.executable, "-c", OPEN_CLIP), here, elsewhere)]


def rclips(folder: Path | None, rows: Sequence[int]) -> list[Program]:
    """Rclip on databases with as many rows; none where there is none."""
    if folder is None:
        return []
    command = (str(folder / "venv" / "bin" / "rclip"), "--no-indexing", "--filepath-only", "--top", "10", WORDS)
    databases = {count: folder / f"dd_query_{count}" for count in rows}
    return [
        Program(f"rclip, {count:,}", command, {**os.environ, "RCLIP_DATADIR": str(database)}, folder / "root")
        for count, database in databases.items()
        if database.is_dir()
    ]


def measured(programs: Sequence[Program], rounds: int) -> dict[str, object]:
    """Each once, which makes graphs and bytecode and does not count; then in turns."""
    for number in range(rounds + 1):
        if number == 1:
            for program in programs:
                program.forget()
        at = number % len(programs)
        for program in (*programs[at:], *programs[:at]):
            program.run()
    return {
        "machine": machine(),
        "cores": os.cpu_count(),
        "rounds": rounds,
        "programs": {program.name: _numbers(program) for program in programs},
        "ratios": _ratios({program.name: program for program in programs}),
    }


def _numbers(program: Program) -> dict[str, object]:
    return {
        "wall_s": round(statistics.median(program.wall_s), 3),
        "cpu_s": round(statistics.median(program.cpu_s), 3),
        "rss_mb": round(statistics.median(program.rss_mb)),
        "all_wall_s": [round(one, 3) for one in program.wall_s],
    }


def _ratios(programs: Mapping[str, Program]) -> list[dict[str, object]]:
    found = []
    for target in TARGETS:
        if {target.of, target.beside} <= programs.keys():
            one, other = programs[target.of], programs[target.beside]
            wall = statistics.median(a / b for a, b in zip(one.wall_s, other.wall_s, strict=True))
            cpu = statistics.median(a / b for a, b in zip(one.cpu_s, other.cpu_s, strict=True))
            found.append(
                {
                    "of": target.of,
                    "beside": target.beside,
                    "wall": round(wall, 4),
                    "cpu": round(cpu, 4),
                    "at_most": target.limit,
                    "reached": wall <= target.limit,
                }
            )
    return found


def table(result: dict[str, Any]) -> list[str]:
    """What matters of it, for people."""
    lines = [f"{result['machine']}, {result['rounds']} rounds"]
    for name, took in result["programs"].items():
        lines.append(f"{name:<32} {took['wall_s']:7.3f} s  {took['cpu_s']:7.3f} s of CPU  {took['rss_mb']:6} MB")
    for one in result["ratios"]:
        word = "reached" if one["reached"] else "MISSED"
        lines.append(
            f"{one['of']} / {one['beside']}: {one['wall']:.3f} by the clock, {one['cpu']:.3f} of CPU,"
            f" at most {one['at_most']}: {word}"
        )
    return lines


if __name__ == "__main__":
    main()
