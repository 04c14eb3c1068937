"""Adding through a graph of the centroids: the same lists, nearly always, and a flat quantizer afterwards."""

import numpy as np
import pytest

from db.vectors import graph
from db.vectors.engine import load_faiss
from db.vectors.graph import assigned_by_graph
from tests.db.vectors.shelves import clustered


@pytest.mark.parametrize("most", [10, 1000])
def test_rows_get_their_lists(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(graph, "MOST_FLAT", most)
    faiss = load_faiss()
    rows = clustered(3000, 16).astype(np.float32)
    rows[7] = np.nan
    ivf = faiss.index_factory(16, "IVF64,PQ4x4fsr", faiss.METRIC_INNER_PRODUCT)
    ivf.cp.min_points_per_centroid = ivf.pq.cp.min_points_per_centroid = 1
    ivf.train(rows[8:])
    with assigned_by_graph(ivf):
        assert isinstance(faiss.downcast_index(ivf.quantizer), faiss.IndexHNSWFlat) == (most < 64)
        ivf.add(rows)
    assert ivf.ntotal == 3000
    assert isinstance(faiss.downcast_index(ivf.quantizer), faiss.IndexFlat)
    exact = ivf.quantizer.search(rows[8:], 1)[1][:, 0]
    got = np.full(3000, -1)
    for number in range(64):
        size = ivf.invlists.list_size(number)
        if size:
            got[faiss.rev_swig_ptr(ivf.invlists.get_ids(number), size)] = number
    assert np.mean(got[8:] == exact) > 0.98
    again = faiss.deserialize_index(faiss.serialize_index(ivf))  # the graph is no part of the file
    assert np.array_equal(again.search(rows[8:20], 3)[1], ivf.search(rows[8:20], 3)[1])


def test_the_flat_quantizer_is_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "MOST_FLAT", 1)
    faiss = load_faiss()
    ivf = faiss.index_factory(16, "IVF4,PQ4x4fsr", faiss.METRIC_INNER_PRODUCT)
    ivf.train(clustered(400, 16).astype(np.float32))
    with pytest.raises(KeyboardInterrupt), assigned_by_graph(ivf):
        raise KeyboardInterrupt
    assert isinstance(faiss.downcast_index(ivf.quantizer), faiss.IndexFlat)
