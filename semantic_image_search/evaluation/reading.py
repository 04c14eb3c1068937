"""The pictures of a set, decoded and put together in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.indexing import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.arrays import Pixels
    from media import DecodeOutcome


def in_batches(
    outcomes: Iterator[DecodeOutcome], size: int, tell: Callable[[Problem], None]
) -> Iterator[tuple[list[int], Pixels]]:
    """Rows (the jobs' tags) and their pixels, uint8 (n, height, width, 3), n at most `size`; `tell` hears of others."""
    rows: list[int] = []
    pixels: list[Pixels] = []
    for outcome in outcomes:
        if outcome.picture is not None and isinstance(outcome.job.tag, int):
            rows.append(outcome.job.tag)
            pixels.append(outcome.picture.pixels[0])
        elif outcome.problem is not None:
            tell(Problem(outcome.job.path, outcome.problem.kind, outcome.problem.reason))
        if len(rows) == size:
            yield rows, np.stack(pixels)
            rows, pixels = [], []
    if rows:
        yield rows, np.stack(pixels)
