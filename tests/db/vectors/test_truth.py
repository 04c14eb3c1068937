"""What an index is measured against."""

import numpy as np

from db.vectors.exact import exact_search
from db.vectors.truth import find_truth
from tests.db.vectors.shelves import clustered


def test_it_is_what_exact_search_finds() -> None:
    rows = clustered(40_000, 16)  # more than two blocks
    live = np.arange(40_000) % 4 > 0
    queries = rows[::4001].astype(np.float32)
    for mask in (None, live):
        truth = find_truth(rows, mask, queries)
        for number, query in enumerate(queries):
            expected = exact_search(rows, query, 10, mask=mask)
            assert np.isclose(truth.tenth[number], expected.scores[-1], atol=1e-5)
            assert np.isin(expected.rows, truth.near[number]).mean() >= 0.9  # but for ties in float32
        assert (truth.hits, len(truth)) == (10, len(queries))


def test_any_of_many_copies_will_do() -> None:
    rows = clustered(500, 16)
    rows[100:160] = rows[0]
    truth = find_truth(rows, None, rows[:1].astype(np.float32))
    assert truth.reached(0, np.arange(120, 130))[-1] == 1.0
    assert truth.reached(0, np.array([130, 499, 131])).tolist() == [0.1, 0.1, 0.2]


def test_fewer_rows_than_hits_and_rows_that_are_no_numbers() -> None:
    rows = clustered(30, 8)
    rows[5] = np.nan
    live = np.arange(30) < 7
    truth = find_truth(rows, live, clustered(2, 8, seed=3).astype(np.float32))
    assert truth.hits == 7
    assert not np.isin(truth.near, 5).any()
