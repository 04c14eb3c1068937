"""The programs that index a folder, run to their end: `search index`, the straightforward loop, and rclip.

What their times are compared for is `indexing_beside`'s.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

QUERY = "a photo of a cat"


@dataclass(frozen=True)
class Ran:
    """A program that has ended."""

    seconds: float  # exec to exit
    cpu_s: float
    out: str


@dataclass(frozen=True)
class Rclip:
    """The peer's program and its model files."""

    program: Path
    models: Path


def run(*command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Ran:
    """Runs a program to its end.

    Raises:
        BenchmarkError: it failed.
    """
    before, start = _children_s(), time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise BenchmarkError(f"{command[0]} failed ({done.returncode}): {done.stderr[-500:]}")
    return Ran(seconds, _children_s() - before, done.stdout)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def loop_rate(model: Path, folder: Path) -> tuple[float, float]:
    """Pictures per second of the straightforward loop, and its processor time for one in ms."""
    said = json.loads(run(sys.executable, "-m", "benchmarks.plain_loop", model, folder).out.splitlines()[-1])
    return said["pictures"] / said["seconds"], 1000.0 * said["cpu_seconds"] / said["pictures"]


def index(model: Path, folder: Path, library: Path) -> tuple[Ran, dict[str, float]]:
    """A fresh `search index`, and what it reports.

    Raises:
        BenchmarkError: not every picture was embedded.
    """
    model_of = ("--model", f"local-dir:{model}")
    ran = run(sys.executable, "-m", "cli", "index", folder, *model_of, "--json", "--library", library)
    report: dict[str, float] = json.loads(ran.out)
    count = len(list(folder.glob("*.jpg")))
    if report["embedded"] != count:
        raise BenchmarkError(f"{report['embedded']} of {count} pictures were embedded")
    return ran, report


def rclip_run(rclip: Rclip, folder: Path) -> Ran:
    """The peer over a folder with a fresh database; it ends in a query."""
    with tempfile.TemporaryDirectory(prefix="bench-rclip-") as scratch:
        for file in rclip.models.iterdir():
            (Path(scratch) / file.name).symlink_to(file.resolve())
        return run(rclip.program, "-f", "-t", "10", QUERY, cwd=folder, environment={"RCLIP_DATADIR": scratch})
