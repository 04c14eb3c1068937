"""The guard: what must not become slow, as ratios measured within one run, each with a limit that leaves room.

    python -m benchmarks.guard
    python -m benchmarks.guard --only help refresh

CPU time is compared, not the clock, wherever processes can be told apart, and always with something that does the same
on the same machine at the same moment: a slow or busy machine slows both. A ratio over its limit is measured once
more, since noise goes and a regression stays. The program ends with 1 where one is still over. The limits are about
twice what was measured when they were set; the targets themselves are measured by the other benchmarks.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import guarded


@dataclass(frozen=True)
class Check:
    """One ratio that must stay low."""

    name: str
    says: str  # what is divided by what, for people
    limit: float
    measure: Callable[[Path], float]  # given an empty folder
    only_on: str = ""  # sys.platform; empty: anywhere


CHECKS = (
    Check("help", "`search --help` / `python -c pass`, CPU", 25.0, guarded.help_page),
    Check("query", "first query with mini / `python -c 'import open_clip'`, CPU", 0.25, guarded.first_query),
    Check("warm", "query that a server answers / `python -c pass`, CPU", 20.0, guarded.warm_query),
    Check("refresh", "refresh of unchanged files / listing them with a stat each, CPU", 12.0, guarded.refresh),
    Check("decode", "a 12-megapixel JPEG / Pillow's full decode and resize, CPU", 0.6, guarded.decode),
    Check("pipeline", "indexing / decoding alone + encoding alone, clock", 2.0, guarded.pipeline),
    Check("memory", "peak memory at 1,600 pictures / at 200", 1.25, guarded.memory, only_on="linux"),
)


@dataclass(frozen=True)
class Verdict:
    """How a check went."""

    check: Check
    ratio: float
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.ratio <= self.check.limit

    def __str__(self) -> str:
        word = "ok" if self.passed else "TOO SLOW"
        check = self.check
        return (
            f"{word:8} {check.name:9} {self.ratio:7.2f}, at most {check.limit:g}: {check.says} ({self.seconds:.0f} s)"
        )


def judge(check: Check) -> Verdict:
    """Measures; once more where the ratio is over its limit, and the better one counts."""
    started, ratio = time.perf_counter(), float("inf")
    for _ in range(2):
        with tempfile.TemporaryDirectory(prefix="search-guard-") as folder:
            ratio = min(ratio, check.measure(Path(folder)))
        if ratio <= check.limit:
            break
    return Verdict(check, ratio, time.perf_counter() - started)


def guard(checks: Sequence[Check]) -> int:
    """Prints a line for each check; 1 where any is over its limit."""
    failed = []
    for check in checks:
        if check.only_on not in {"", sys.platform}:
            print(f"left out {check.name}: it can be measured on {check.only_on} only")
            continue
        verdict = judge(check)
        print(verdict, flush=True)
        if not verdict.passed:
            failed.append(check.name)
    if failed:
        print(f"slower than allowed: {', '.join(failed)}; again with `make guard ONLY={failed[0]}`", file=sys.stderr)
    return 1 if failed else 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    names = [check.name for check in CHECKS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="these checks")
    given = parser.parse_args()
    return guard([check for check in CHECKS if check.name in given.only])


if __name__ == "__main__":
    sys.exit(main())
