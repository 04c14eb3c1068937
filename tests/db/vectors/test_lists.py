"""The order in which lists are probed."""

import numpy as np

from db.vectors.lists import Lists, best


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_what_is_measured_of_a_list_is_how_its_rows_lie() -> None:
    rng = np.random.default_rng(0)
    centroids = unit(rng.standard_normal((3, 64)))
    wide = unit(centroids[0] + 0.15 * rng.standard_normal((4000, 64)))
    narrow = unit(centroids[1] + 0.02 * rng.standard_normal((4000, 64)))
    rows, lists = np.concatenate([wide, narrow]), np.repeat([0, 1], 4000)
    known = Lists.measured(centroids, lists, (rows * centroids[lists]).sum(axis=1))
    for number, own in ((0, wide), (1, narrow)):
        middle = own.mean(axis=0)
        assert abs(known.mean[number] - np.linalg.norm(middle)) < 0.01
        assert abs(known.spread[number] - np.sqrt(np.square(own - middle).sum(axis=1).mean())) < 0.01
    assert (known.mean[2], known.spread[2]) == (1.0, 0.0)  # nothing is known to lie in it


def test_reach_puts_wide_lists_first_where_the_query_is_far_from_all() -> None:
    centroids = np.eye(4, dtype=np.float32)
    known = Lists.of(centroids, np.array([0.99, 0.99, 0.6, 0.6], np.float32))
    query = unit(np.array([[0.2, 0.1, 0.15, 0.0]]))[0]
    cosines = known.cosines(query)
    assert np.allclose(cosines, query)
    assert set(best(known.promise(cosines, 0.0), 1)) == {0}
    assert set(best(known.promise(cosines, 2.0), 2)) == {2, 3}


def test_all_lists_where_as_many_are_wanted() -> None:
    promise = np.array([0.1, 0.5, 0.3], np.float32)
    assert sorted(best(promise, 3)) == sorted(best(promise, 9)) == [0, 1, 2]
    assert best(promise, 1).tolist() == [1]
