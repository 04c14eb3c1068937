"""The rows a mask lets through, by runs: the same hits as an exact search, whatever the mask looks like."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vectors.allowed import AllowedRows
from db.vectors.exact import exact_search, ranked

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
