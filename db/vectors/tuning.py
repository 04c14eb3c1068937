"""How many lists to probe and how many candidates to re-score, by measurement on the library's own vectors.

Recall@10 counts a hit where an exact score is as high as the tenth of an exact search, so that among copies of one
picture it does not matter which of them was found. Leaves to others: building and keeping the index.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.engine import HalfScanner
from db.vectors.exact import nearest_of
from db.vectors.ivfpq import IvfPq
from db.vectors.sampling import sample_rows, text_like

QUERIES = 200  # of each kind: 2,000 hits, so a recall of 0.99 is known to 0.002
_HITS = 10  # recall@10
_NEAR_TIES = 1024  # exact results kept per query, to know copies of the tenth when they are found
_TIE = 1e-6
_LEAST_PROBES = 4
_LEAST_CANDIDATES = 64
_MOST_CANDIDATES = 8192  # 4 ms of gathering and scoring
# Measured at 512 numbers with cold processor caches, as between the queries of one person; warm ones halve both.
_SECONDS_PER_ROW = 14e-9  # to look at its code
_SECONDS_PER_CANDIDATE = 500e-9  # to carry it along, gather its row and score it
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Tuning:
    """A way to search an index, and what it was measured to find."""

    nprobe: int
    candidates: int
    recall_image: float
    recall_text: float

    @property
    def recall(self) -> float:
        """The worse of the two."""
        return min(self.recall_image, self.recall_text)


@dataclass(frozen=True, slots=True, eq=False)
class _Probe:
    """The queries to measure with, and what an exact search finds."""

    queries: Vectors  # the first half are rows of the library, the second text-like
    near: RowNumbers  # (m, ≤ 1024): rows as good as the tenth, -1 else
    tenth: NDArray[np.float32]  # (m,): the score to reach
    hits: int  # 10, or all rows where fewer are alive


def tune(
    index: IvfPq,
    rows: HalfRows,
    live: RowMask | None,
    *,
    target: float,
    rng: np.random.Generator,
    on_step: Callable[[str], None],
) -> Tuning:
    """The cheapest search whose recall@10 reaches `target` for both kinds of query, or the best there is.

    Args:
        index: over all of `rows`.
        rows: float16 (n, dim).
        live: the rows that may be found, bool (n,); None is all.
        target: recall@10, 0 to 1.
        rng: chooses the queries.
        on_step: told what is being measured.
    """
    on_step("comparing with exact search")
    probe = _make_probe(rows, live, rng)
    on_step("choosing how many lists to probe")
    foreseen = sorted(_survey(index, probe, live, target), key=lambda tuning: _seconds(index, tuning))
    good = [tuning for tuning in foreseen if tuning.recall >= target]
    tried: list[Tuning] = []
    for tuning in good[:_TRIES] or [_best(foreseen)]:
        tried.append(_measure(index, rows, live, probe, tuning))
        if tried[-1].recall >= target:
            return tried[-1]
    return _best(tried)


def _make_probe(rows: HalfRows, live: RowMask | None, rng: np.random.Generator) -> _Probe:
    images = sample_rows(rows, live, QUERIES, rng)
    centre = sample_rows(rows, live, 50 * QUERIES, rng).mean(axis=0)
    queries = np.concatenate([images, text_like(images, centre, rng)])
    alive = len(rows) if live is None else int(np.count_nonzero(live))
    hits = min(_HITS, alive)
    scores, near = HalfScanner(rows).search(queries, min(_NEAR_TIES, alive), live)
    tenth = scores[:, hits - 1]
    return _Probe(queries, np.where(scores >= tenth[:, np.newaxis] - _TIE, near, -1), tenth, hits)


def _survey(index: IvfPq, probe: _Probe, live: RowMask | None, target: float) -> Iterator[Tuning]:
    """The recall of every sensible pair of nprobe and candidates, until more probing cannot be cheaper."""
    counts = _doubling(_LEAST_CANDIDATES, min(_MOST_CANDIDATES, index.rows))
    cheapest = np.inf
    for nprobe in _doubling(_LEAST_PROBES, index.lists):
        found = index.candidates(probe.queries, counts[-1], nprobe=nprobe, mask=live)
        recalls = _recalls(found, probe, counts)
        for count, (image, text) in zip(counts, recalls, strict=True):
            tuning = Tuning(nprobe, count, image, text)
            if tuning.recall >= target:
                cheapest = min(cheapest, _seconds(index, tuning))
            yield tuning
        if _seconds(index, Tuning(nprobe, counts[0], 0.0, 0.0)) > cheapest:
            return


def _recalls(found: RowNumbers, probe: _Probe, counts: list[int]) -> list[tuple[float, float]]:
    """Recall of both kinds of query, had only the first `count` candidates been re-scored, for each count."""
    right = np.stack([np.isin(some, near[near >= 0]) for some, near in zip(found, probe.near, strict=True)])
    reached = np.minimum(right.cumsum(axis=1), probe.hits) / probe.hits
    half = len(reached) // 2
    columns = [reached[:, min(count, found.shape[1]) - 1] for count in counts]
    return [(float(column[:half].mean()), float(column[half:].mean())) for column in columns]


def _measure(index: IvfPq, rows: HalfRows, live: RowMask | None, probe: _Probe, tuning: Tuning) -> Tuning:
    """The recall of the search as it is carried out for users: candidates, gathered and scored exactly."""
    found = index.candidates(probe.queries, tuning.candidates, nprobe=tuning.nprobe, mask=live)
    recalls = np.empty(len(found))
    for at, (query, numbers, tenth) in enumerate(zip(probe.queries, found, probe.tenth, strict=True)):
        scores, _ = nearest_of(rows, query, probe.hits, np.sort(numbers[numbers >= 0]))
        recalls[at] = np.count_nonzero(scores >= tenth - _TIE) / probe.hits
    half = len(recalls) // 2
    return Tuning(tuning.nprobe, tuning.candidates, float(recalls[:half].mean()), float(recalls[half:].mean()))


def _best(tunings: list[Tuning]) -> Tuning:
    """The one of highest recall; of equals the first, which is the cheapest."""
    return max(tunings, key=lambda tuning: tuning.recall)


def _seconds(index: IvfPq, tuning: Tuning) -> float:
    """About what one query costs: only good to put pairs of nprobe and candidates in order."""
    scanned = index.rows * tuning.nprobe / index.lists
    return scanned * _SECONDS_PER_ROW + tuning.candidates * _SECONDS_PER_CANDIDATE


def _doubling(least: int, most: int) -> list[int]:
    """least, 2 · least, … and most itself."""
    steps = []
    while least < most:
        steps.append(least)
        least *= 2
    return [*steps, most]
