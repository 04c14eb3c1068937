"""Exact search is exact: equal to brute force in float64, whatever the mask, and without copying the rows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.vectors import RowsFile, RowsHeader
from db.vectors.engine import HalfScanner
from db.vectors.exact import best_of, cosines_of, exact_search, nearest_of, ranked
from tests.db.vectors.shelves import brute_force, clustered, unit


def check(rows: np.ndarray, query: np.ndarray, k: int, mask: np.ndarray | None) -> None:
    """The answer is brute force's, except that rows within float32's rounding may stand for one another."""
    found = exact_search(rows, query, k, mask=mask)
    _, scores = brute_force(rows, query, mask)
    wanted = min(k, len(scores))
    assert len(found) == wanted
    assert len(set(found.rows.tolist())) == wanted
    assert mask is None or mask[found.rows].all()
    assert np.allclose(found.scores, np.clip(scores[:wanted], -1, 1), rtol=0, atol=1e-6)
    own = rows[found.rows].astype(np.float64) @ query.astype(np.float64)
    assert np.allclose(found.scores, np.clip(own, -1, 1), rtol=0, atol=1e-6)
    assert (np.diff(found.scores) <= 0).all()


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_equals_brute_force_for_any_size_and_mask(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 400))
    dim = data.draw(st.integers(1, 40))
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 20)))
    rows = unit(rng.standard_normal((count, dim))).astype(np.float16)
    if count and data.draw(st.booleans()):  # copies of a picture have one score
        rows[rng.integers(0, count, count // 2)] = rows[0]
    share = data.draw(st.sampled_from([None, 0.0, 0.005, 0.02, 0.1, 0.5, 0.99, 1.0]))
    mask = None if share is None else rng.random(count) < share
    check(rows, unit(rng.standard_normal(dim)), data.draw(st.integers(0, count + 5)), mask)


@pytest.mark.parametrize("share", [0.0005, 0.01, 0.03, 0.04, 0.3, 0.9])
def test_large_enough_for_several_blocks(share: float) -> None:
    rows = clustered(40_000, 16)
    rng = np.random.default_rng(1)
    for k in (1, 10, 2000):
        check(rows, unit(rng.standard_normal(16)), k, rng.random(len(rows)) < share)


def test_gathering_many_rows_goes_block_by_block() -> None:
    rows = clustered(30_000, 8)
    query = unit(np.arange(8) - 3)
    some = np.arange(1, 30_000, 2)
    scores, numbers = nearest_of(rows, query, 50, some)
    expected = some[np.argsort(-(rows[some].astype(np.float64) @ query), kind="stable")[:50]]
    assert set(numbers.tolist()) == set(expected.tolist())
    assert np.allclose(np.sort(scores), np.sort(rows[expected].astype(np.float64) @ query), atol=1e-6)


def test_equal_scores_come_by_row_number() -> None:
    rows = np.tile(unit(np.ones(8)).astype(np.float16), (30, 1))
    query = unit(np.ones(8))
    assert exact_search(rows, query, 30).rows.tolist() == list(range(30))
    assert ranked(rows, query, np.array([9, 4, 7]), 2).rows.tolist() == [4, 7]


def test_a_row_longer_than_one_after_rounding_scores_one() -> None:
    rows = np.full((1, 3), 0.5776, np.float16)  # 1.0006 long
    assert exact_search(rows, unit(np.ones(3)), 1).scores.tolist() == [1.0]


def test_rows_that_are_not_numbers_are_never_found() -> None:
    rows = clustered(50, 8)
    rows[7] = np.nan
    found = exact_search(rows, unit(np.ones(8)), 50)
    assert len(found) == 49
    assert 7 not in found.rows
    assert np.isfinite(found.scores).all()


def test_cosines_come_in_the_order_asked_for() -> None:
    rows = clustered(20_000, 16)
    rows[7] = np.nan
    numbers = np.random.default_rng(0).permutation(20_000)[:9_000]
    numbers[5] = 7
    found = cosines_of(rows, rows[1].astype(np.float32), numbers)
    assert np.allclose(found, rows[numbers].astype(np.float64) @ rows[1], atol=1e-6, equal_nan=True)
    assert np.flatnonzero(np.isnan(found)).tolist() == [5]
    assert cosines_of(rows, rows[1].astype(np.float32), numbers[:0]).shape == (0,)


def test_best_of_nothing() -> None:
    nothing = (np.empty(0, np.float32), np.empty(0, np.int64))
    assert len(best_of([nothing, nothing], 5)[1]) == 0


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4), np.float32), np.zeros(4, np.float16), np.zeros((4, 8), np.float16)[:, ::2]]
)
def test_the_scanner_refuses_rows_it_would_have_to_copy(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="contiguous float16"):
        HalfScanner(bad)


WITH_LITTLE_MEMORY = """
import re, resource, sys
from pathlib import Path
import numpy as np
from db.vectors import RowsFile, RowsHeader
from db.vectors.exact import exact_search
file = RowsFile.open(Path(sys.argv[1]), RowsHeader(256, "s", 1))
query = np.full(256, 1 / 16, np.float32)
exact_search(file.view(100), query, 10)
private = int(re.search(r"VmData:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (private + 16_000_000, resource.RLIM_INFINITY))
try:
    np.array(file.view(100_000))
    print("a copy would not be noticed")
except MemoryError:
    pass
for mask in (None, np.arange(100_000) % 3 == 0, np.arange(100_000) % 99 == 0):
    print(len(exact_search(file.view(100_000), query, 10, mask=mask)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's limit on private memory")
def test_scanning_a_file_copies_none_of_it(tmp_path: Path) -> None:
    """51 MB are searched by a process that may have 16 MB of memory more, beside what it maps."""
    file = RowsFile.create(tmp_path / "v", RowsHeader(256, "s", 1))
    file.append(np.random.default_rng(0).standard_normal((100_000, 256), np.float32).astype(np.float16))
    ran = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_MEMORY, str(file.path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (ran.stdout, ran.stderr) == ("10\n10\n10\n", "")
