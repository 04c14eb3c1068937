"""What was promised at a million vectors of 512 numbers, and whether a run of benchmarks.scale kept it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.scale_steps import KINDS

ROWS = 1_000_000
DIM = 512
_P50_MS = {0.99: 2.0, 0.98: 1.0}  # by the recall asked for


@dataclass(frozen=True)
class Promise:
    """One of them, and what was measured."""

    what: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        """Whether it was kept."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def line(self) -> str:
        """For people."""
        sign = "≥" if self.at_least else "≤"
        return f"{'pass' if self.kept else 'FAIL'}  {self.what}: {self.measured:.4g} ({sign} {self.limit:g})"


def promises(result: dict[str, Any], recall: float) -> Iterator[Promise]:
    """All that concern the index built for this recall; `result` is what benchmarks.scale measured.

    Times are those of queries in turn with the exact scan, which finds other things in the processor's caches.
    """
    asked = result["in_turn"][str(recall)]
    for kind in KINDS:
        of = asked[kind]
        yield Promise(f"recall@10, {kind} queries", of["recall"], recall, at_least=True)
        if recall in _P50_MS:
            yield Promise(f"p50 in ms, {kind} queries", of["p50_ms"], _P50_MS[recall])
        if of["p99_ms"] is not None:  # enough queries
            yield Promise(f"p99 by p50, {kind} queries", of["p99_ms"] / of["p50_ms"], 3.0)
    yield Promise("bytes of RAM per vector beside the page cache", asked["ram_per_row"], 90.0)
    cost = result["made"]["indexes"][str(recall)]["cost"]
    yield Promise("CPU seconds of the build", cost["cpu_s"], 150.0)
    yield Promise("peak RSS of the build in GB", cost["peak_rss_bytes"] / 1e9, 2.5)
    yield Promise(
        "seconds to the first answer after opening", result["opened"][str(recall)]["first_answer_warm"]["wall_s"], 0.3
    )
