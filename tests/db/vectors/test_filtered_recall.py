"""A filter never costs recall: 20,000 rows, random masks and masks that hold one concept, through the index."""

import numpy as np
import pytest

from core.arrays import HalfRows, Vectors
from db.vectors import RowSearcher, RowsFile, RowsHeader, build_index, policy
from db.vectors.sampling import text_like

ROWS, DIM = 20_000, 64
SHARES = (0.5, 0.1, 0.01, 0.001)


@pytest.fixture(scope="module")
def rows() -> HalfRows:
    """A tree of concepts, three levels of ten, seen through a falling spectrum: as `benchmarks.clip_like` makes them."""
    rng = np.random.default_rng(4)
    scale = np.sqrt((np.arange(DIM) + 3.0) ** -1.25)
    made, path = rng.standard_normal((ROWS, DIM)) * scale * 0.7, np.zeros(ROWS, np.int64)
    for level in range(3):
        path = path * 10 + rng.integers(0, 10, ROWS)
        made += 0.5 * (rng.standard_normal((10 ** (level + 1), DIM)) * scale)[path]
    made += 0.25
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture(scope="module")
def searcher(rows: HalfRows, tmp_path_factory: pytest.TempPathFactory) -> RowSearcher:
    folder = tmp_path_factory.mktemp("filtered")
    file = RowsFile.create(folder / "vectors.1.f16", RowsHeader(DIM, "test", 1))
    file.append(rows)
    return RowSearcher(file, ROWS, build_index(file.view(ROWS), folder=folder, generation=1), folder)


@pytest.fixture(scope="module")
def queries(rows: HalfRows) -> Vectors:
    """Forty pictures and forty text-like ones."""
    rng = np.random.default_rng(5)
    images = rows[rng.choice(ROWS, 40, replace=False)].astype(np.float32)
    return np.concatenate([images, text_like(images, rows.astype(np.float32).mean(axis=0), rng)])


def concept(rows: HalfRows, share: float, seed: int) -> np.ndarray:
    """The rows nearest to one of them, seen from the middle of all."""
    wide = rows.astype(np.float32)
    scores = (wide - wide.mean(axis=0)) @ (wide[seed] - wide.mean(axis=0))
    return scores >= np.sort(scores)[-round(share * len(rows))]


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("kind", ["random", "concept"])
@pytest.mark.parametrize("through", ["as chosen", "the index"])
def test_a_filter_never_costs_recall(
    rows: HalfRows,
    searcher: RowSearcher,
    queries: Vectors,
    share: float,
    kind: str,
    through: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if through == "the index":  # as if these were far too many rows for an exact scan
        monkeypatch.setattr(policy, "EXACT_US", 0.0)
    recalls = []
    for number, query in enumerate(queries):
        mask = np.random.default_rng(number).random(ROWS) < share if kind == "random" else concept(rows, share, number)
        best = searcher.search_exactly(query, 10, mask=mask)
        found = searcher.search(query, 10, mask=mask)
        assert mask[found.rows].all()
        assert len(found) == len(best)
        recalls.append(np.mean(found.scores >= best.scores[-1] - 1e-6))
    assert np.mean(recalls[:40]) >= 0.98
    assert np.mean(recalls[40:]) >= 0.98
