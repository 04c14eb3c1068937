"""Pictures unlike the library's are looked for deeper than others, and texts deepest."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from db.vectors.ivfpq import IvfPq, open_index
from db.vectors.records import Approach, Probing
from tests.db.vectors.shelves import clustered, make_shelf


def best_cosines(index: IvfPq, queries: np.ndarray) -> np.ndarray:
    return np.array([index.known.cosines(index.rotated(query)).max() for query in queries])


def test_how_deep_a_picture_is_looked_for_is_decided_by_its_best_cosine(tmp_path: Path) -> None:
    rows = clustered(2_000, 32)
    shelf = make_shelf(tmp_path, rows)
    assert shelf.record is not None
    index = open_index(tmp_path, shelf.record, rows)
    how = Approach(Probing(4, 64), Probing(index.lists, 500), border=-1.0, reach=0.0, doubt=0.0)
    queries = rows[::40].astype(np.float32)
    usual = float(np.median(best_cosines(index, queries)))
    for query, cosine in zip(queries, best_cosines(index, queries), strict=True):
        assert len(index.candidates(query, how)) <= 64
        found = index.candidates(query, replace(how, usual=usual))
        assert len(found) == 239 if cosine <= usual else len(found) <= 64
        assert len(index.candidates(query, replace(how, border=2.0, usual=usual))) == 500


def test_a_few_of_the_librarys_own_are_unusual_and_strangers_are(tmp_path: Path) -> None:
    rows = clustered(2_000, 32)
    shelf = make_shelf(tmp_path, rows)
    assert shelf.record is not None
    index, usual = open_index(tmp_path, shelf.record, rows), shelf.record.approach.usual
    own = np.mean(best_cosines(index, rows.astype(np.float32)) < usual)
    assert 0.005 < own < 0.08
    strangers = -rows[::20].astype(np.float32)
    assert (best_cosines(index, strangers) < usual).mean() > 0.9
