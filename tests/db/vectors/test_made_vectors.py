"""Vectors that the benchmarks make on a GPU are those of the same world, and what is true of them is true."""

import numpy as np

from benchmarks.clip_like import Texts, World
from benchmarks.clip_like_gpu import exact_scores, make_rows
from tests.db.vectors.shelves import brute_force


def test_torch_makes_rows_like_numpys() -> None:
    world = World(dim=64)
    by_torch, by_numpy = (rows.astype(np.float64) for rows in (make_rows(world, 3000, device="cpu"), world.rows(3000)))
    for measure in (between, neighbours, near_mean):
        assert np.isclose(measure(by_torch), measure(by_numpy), rtol=0.03), measure.__name__
    assert np.allclose(np.linalg.norm(by_torch, axis=1), 1, atol=1e-3)


def between(rows: np.ndarray) -> float:
    return float((rows @ rows.T).mean())


def neighbours(rows: np.ndarray) -> float:
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -1)
    return float(np.sort(cosines, axis=1)[:, -10].mean())


def near_mean(rows: np.ndarray) -> float:
    return float(np.linalg.norm(rows.mean(axis=0)))


def test_exact_scores_are_brute_forces() -> None:
    rows = make_rows(World(dim=32), 500, device="cpu")
    queries = rows[:5].astype(np.float32)
    found = exact_scores(rows, queries, 7, device="cpu")
    assert np.allclose(found, [brute_force(rows, query)[1][:7] for query in queries], atol=1e-6)


def test_texts_that_are_moved_pictures_find_theirs_and_nouns_hardly_do() -> None:
    found = {}
    for says in Texts:
        world = World(dim=64, says=says)
        pictures = world.rows(2_000).astype(np.float32)
        texts = world.texts(pictures[:200], np.random.default_rng(0))
        assert np.allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
        found[says] = float(np.mean((texts @ pictures.T).argmax(axis=1) == np.arange(200)))
    assert found[Texts.SHIFTED] > 0.7
    assert found[Texts.NOUNS] < 0.2
