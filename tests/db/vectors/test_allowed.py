"""The rows a mask lets through: by runs the same hits as an exact search, by lists as deep as they lie thin and far."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vectors.allowed import AllowedLists, AllowedRows
from db.vectors.exact import exact_search, ranked
from db.vectors.records import Approach, Probing

ROWS, DIM = 4_000, 16
runs = st.lists(st.tuples(st.integers(0, ROWS), st.integers(0, 900)), max_size=6)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    made = np.random.default_rng(1).standard_normal((ROWS, DIM))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


@settings(deadline=None)
@given(runs=runs, strewn=st.sampled_from([0.0, 0.01, 0.5]), k=st.integers(1, 50))
def test_runs_and_strewn_rows_are_all_of_the_mask(
    rows: np.ndarray, runs: list[tuple[int, int]], strewn: float, k: int
) -> None:
    mask = np.random.default_rng(2).random(ROWS) < strewn
    for start, length in runs:
        mask[start : start + length] = True
    allowed = AllowedRows.of(mask)
    numbers = [np.arange(start, end) for start, end in zip(allowed.starts, allowed.ends, strict=True)]
    everything = np.concatenate([*numbers, allowed.strewn])
    assert sorted(everything) == np.flatnonzero(mask).tolist()
    assert all(length >= 256 for length in allowed.ends - allowed.starts)
    query = rows[7].astype(np.float32)
    expected = exact_search(rows, query, k, mask=mask)
    found = ranked(rows, query, allowed.nearest(rows, query, k)[1], k)
    assert found.scores.tolist() == expected.scores.tolist()
    assert len(found) == min(k, int(mask.sum()))


def test_an_empty_mask_allows_nothing(rows: np.ndarray) -> None:
    nothing = AllowedRows.of(np.zeros(0, np.bool_))
    assert nothing.scan_us == 0.0
    assert len(AllowedRows.of(np.zeros(ROWS, np.bool_)).nearest(rows, rows[0].astype(np.float32), 5)[1]) == 0


def test_neighbours_cost_less_than_strewn_rows() -> None:
    together, apart = np.zeros(100_000, np.bool_), np.zeros(100_000, np.bool_)
    together[500:10_500] = True
    apart[::10] = True
    assert AllowedRows.of(together).scan_us < AllowedRows.of(apart).scan_us / 3


HOW = Approach(Probing(30, 200), Probing(600, 3000), border=0.5, reach=0.1, doubt=0.1, usual=0.8)


@pytest.mark.parametrize("best", [0.3, 0.5, 0.51, 0.79, 0.8, 0.81, 0.99])
def test_where_the_rows_lie_as_all_rows_do_they_are_looked_for_as_all_rows(best: float) -> None:
    """Pictures unlike the library's own, too: half as deep as texts."""
    everywhere = AllowedLists(np.zeros(3, np.bool_), np.ones(3, np.bool_), 1.0)
    cosines = np.array([0.1, best, 0.2], np.float32)
    assert everywhere.probing(HOW, cosines) == HOW.probing(float(np.float32(best)))


def test_the_farther_the_rows_the_deeper_a_picture_goes() -> None:
    cosines = np.array([0.9, 0.85, 0.7, 0.6, 0.4], np.float32)
    asked = []
    for nearest in range(5):
        dense = np.arange(5) == nearest
        asked.append(AllowedLists(~dense, dense, 1.0).probing(HOW, cosines).nprobe)
    assert asked == sorted(asked)
    assert (asked[0], asked[-1]) == (30, 600)
    thin = AllowedLists(np.zeros(5, np.bool_), np.ones(5, np.bool_), 0.01).probing(HOW, cosines)
    assert 30 < thin.nprobe < 600
