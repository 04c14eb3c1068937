"""Compaction copies the rows that are kept, and only those, and accounts for their checksums."""

from pathlib import Path

import numpy as np
import pytest

from db.vectors import RowsFile, RowsHeader, damaged_blocks
from db.vectors.compact import compact
from tests.db.vectors.shelves import clustered, make_shelf


@pytest.mark.parametrize("kept", [0, 1, 1024, 19_999, 20_000])
def test_kept_rows_in_their_order(tmp_path: Path, kept: int) -> None:
    rows = clustered(20_000, 8)
    shelf = make_shelf(tmp_path, rows, built=0)
    before = shelf.file.path.read_bytes()
    keep = np.sort(np.random.default_rng(0).choice(20_000, kept, replace=False))
    target = RowsFile.create(tmp_path / "vectors.2.f16", RowsHeader(8, "space", 2))
    blocks = compact(shelf.file.view(20_000), keep, target)
    assert target.rows_on_disk == kept
    assert np.array_equal(target.view(kept), rows[keep])
    assert damaged_blocks(target.view(kept), blocks) == []
    assert len(blocks) == -(-kept // 1024)
    assert shelf.file.path.read_bytes() == before


def test_a_target_that_is_in_use_is_refused(tmp_path: Path) -> None:
    shelf = make_shelf(tmp_path, clustered(10, 8), built=0)
    with pytest.raises(ValueError, match="already holds 10 rows"):
        compact(shelf.file.view(10), np.arange(10), shelf.file)
