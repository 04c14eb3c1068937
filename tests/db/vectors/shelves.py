"""Vector files to search, with and without an index, and what brute force finds in them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.arrays import HalfRows, Vectors
from db.vectors import Candidates, IndexRecord, RowSearcher, RowsFile, RowsHeader, build_index


def unit(rows: np.ndarray) -> Vectors:
    rows = np.asarray(rows, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def clustered(count: int, dim: int, seed: int = 0) -> HalfRows:
    """Unit rows in clusters of about twenty, around a common mean, as pictures' vectors are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, count // 20), dim))
    rows = centres[rng.integers(0, len(centres), count)] + 0.7 * rng.standard_normal((count, dim)) + 0.5
    return unit(rows).astype(np.float16)


def brute_force(rows: HalfRows, query: Vectors, mask: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Every allowed row and its float64 inner product, best first, equal ones by row number."""
    numbers = np.arange(len(rows)) if mask is None else np.flatnonzero(mask)
    scores = rows[numbers].astype(np.float64) @ query.astype(np.float64)
    order = np.lexsort((numbers, -scores))
    return numbers[order], scores[order]


def expect_promised(
    found: Candidates,
    rows: HalfRows,
    query: Vectors,
    k: int,
    *,
    mask: np.ndarray | None = None,
    built: int = 0,
    sure: int | None = None,
) -> float:
    """What is promised of every search: as many as there are, each once, allowed, scored exactly, the tail considered.

    Args:
        found: by the search of `rows` for the best `k`.
        rows: all that were committed.
        query: what was searched for.
        k: how many.
        mask: those that may be found.
        built: rows before it are in an index, which may miss some; those from it on are the tail.
        sure: for how many of the best the recall is promised; None: all.

    Returns:
        The share of the best `sure` (or as good ones) that was found.
    """
    numbers, scores = brute_force(rows, query, mask)
    scores = np.clip(scores, -1, 1)  # rounding to float16 leaves a row up to 2e-5 longer than one
    assert len(found) == len(set(found.rows.tolist())) == min(k, len(numbers))
    assert np.isin(found.rows, numbers).all()
    own = rows[found.rows].astype(np.float64) @ query.astype(np.float64)
    assert np.allclose(found.scores, np.clip(own, -1, 1), rtol=0, atol=1e-6)
    assert (np.diff(found.scores) <= 0).all()
    if not len(found):
        return 1.0
    better = numbers[(scores > found.scores[-1] + 1e-6) & (numbers >= built)]
    assert np.isin(better, found.rows).all()
    wanted = min(len(found), k if sure is None else sure)
    return float(np.count_nonzero(found.scores[:wanted] >= scores[wanted - 1] - 1e-6)) / wanted


class Tally:
    """The recall of many searches, by what was promised."""

    def __init__(self) -> None:
        self.reached: dict[float, list[float]] = {}

    def add(self, promised: float, reached: float) -> None:
        """One more."""
        self.reached.setdefault(promised, []).append(reached)

    def expect_kept(self, *, least: int) -> None:
        """Each promise, on average over many searches; of one at least there must be so many."""
        many = {promised: reached for promised, reached in self.reached.items() if len(reached) >= least}
        assert many
        for promised, reached in many.items():
            assert np.mean(reached) >= promised


@dataclass
class Shelf:
    """A vector file, and an index over its first rows."""

    file: RowsFile
    rows: HalfRows
    record: IndexRecord | None
    folder: Path

    def searcher(self, record: IndexRecord | None = None) -> RowSearcher:
        return RowSearcher(self.file, len(self.rows), record or self.record, self.folder)

    def exact(self) -> RowSearcher:
        return RowSearcher(self.file, len(self.rows), None, self.folder)


def make_shelf(folder: Path, rows: HalfRows, *, built: int | None = None, live: np.ndarray | None = None) -> Shelf:
    """Writes the rows, and indexes the first `built` of them (0: no index)."""
    file = RowsFile.create(folder / "vectors.1.f16", RowsHeader(rows.shape[1], "space", 1))
    file.append(rows)
    built = len(rows) if built is None else built
    record = None
    if built:
        record = build_index(file.view(built), folder=folder, generation=1, live=live)
    return Shelf(file, rows, record, folder)


@dataclass
class Recorded:
    """Real CLIP vectors, unit rows, float32."""

    images: Vectors
    texts: Vectors

    @property
    def by_kind(self) -> dict[str, Vectors]:
        """Both, by name."""
        return {"images": self.images, "texts": self.texts}
