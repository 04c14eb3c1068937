"""Where what was measured goes: a file of JSON, and a run of several measurements that fills it as it goes."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


def write_json(path: Path | None, result: object, *, indent: int = 1) -> None:
    """The result into a file, whose folder is made; nothing without a path."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=indent) + "\n")


@dataclass(kw_only=True)
class Steps:
    """What was measured so far, and where it goes.

    Attributes:
        limit_s: seconds after which no step begins.
        only: these steps, by their names; none is all.
    """

    json: Path | None = None
    limit_s: float = 1e9
    only: Sequence[str] = ()
    result: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    def step(self, name: str, measure: Callable[[], object]) -> None:
        """One measurement; left out, and that noted, where time is up."""
        if self.only and name not in self.only:
            return
        elapsed = time.perf_counter() - self.started
        if elapsed > self.limit_s:
            self.result[name] = f"left out: {elapsed:.0f} s had gone by"
        else:
            print(f"{elapsed:5.0f} s  {name}", file=sys.stderr, flush=True)
            self.result[name] = measure()
        self.write()

    def write(self) -> None:
        """What there is so far."""
        write_json(self.json, self.result, indent=2)
