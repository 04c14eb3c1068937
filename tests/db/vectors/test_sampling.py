"""Samples hold rows that may be found, each once, and queries made of them are what they say."""

import numpy as np
import pytest

from db.vectors.sampling import made_gap, sample_rows, text_like
from tests.db.vectors.shelves import clustered, unit


def numbered(count: int) -> np.ndarray:
    """Rows that say which one they are."""
    return np.stack([np.arange(count) // 1000, np.arange(count) % 1000], axis=1).astype(np.float16)


def numbers(sample: np.ndarray) -> list[int]:
    return (sample[:, 0] * 1000 + sample[:, 1]).astype(int).tolist()


@pytest.mark.parametrize("count", [1, 500, 9000, 20_000])
def test_each_live_row_at_most_once_in_order(count: int) -> None:
    rows = numbered(20_000)
    live = np.arange(20_000) % 2 == 1
    for mask, alive in ((None, 20_000), (live, 10_000)):
        found = numbers(sample_rows(rows, mask, count, np.random.default_rng(0)))
        assert found == sorted(set(found))
        assert len(found) == min(count, alive)
        assert mask is None or mask[found].all()


def test_rows_that_are_not_numbers_are_left_out() -> None:
    rows = numbered(100)
    rows[::10] = np.inf
    rows[5] = np.nan
    found = numbers(sample_rows(rows, None, 100, np.random.default_rng(0)))
    assert found == [row for row in range(100) if row % 10 and row != 5]


def test_the_seed_decides() -> None:
    rows = numbered(5000)
    first, again, other = (numbers(sample_rows(rows, None, 50, np.random.default_rng(seed))) for seed in (1, 1, 2))
    assert first == again != other


def test_text_like_queries_share_a_gap_and_point_at_their_picture_a_little() -> None:
    images = clustered(3000, 256).astype(np.float32)
    centre = images.mean(axis=0)
    gap = made_gap(images, np.random.default_rng(1))
    made = text_like(images, centre, np.random.default_rng(0), gap)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert np.allclose(made.mean(axis=0), gap, atol=0.03)
    says = (made - gap) / np.linalg.norm(made - gap, axis=1, keepdims=True)
    about = np.einsum("nd,nd->n", says, unit(images - centre))
    assert about.mean() == pytest.approx(0.12, abs=0.02)
    assert np.abs(made @ unit(centre)).mean() < 0.02


def test_a_made_gap_lies_where_pictures_hardly_vary() -> None:
    scale = np.linspace(1, 0.01, 64)
    images = unit(np.random.default_rng(0).standard_normal((4000, 64)) * scale + 0.5)
    for among in (0.0, 0.5):
        gap = made_gap(images, np.random.default_rng(2), among=among)
        assert np.linalg.norm(gap) == pytest.approx(0.865, abs=1e-3)
        assert abs(gap @ unit(images.mean(axis=0))) < 0.01
        varies = (images @ unit(gap)).std() / np.sqrt(images.var(axis=0).mean())
        assert varies < 0.6 if among == 0 else varies > 0.8


def test_pictures_that_are_all_alike_still_make_queries() -> None:
    images = np.tile(unit(np.ones(16)), (30, 1))
    made = text_like(images, images.mean(axis=0), np.random.default_rng(0))
    assert np.isfinite(made).all()
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
