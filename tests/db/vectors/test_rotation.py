"""The rotation: nothing changes but what the codes see."""

import numpy as np
import pytest

from db.vectors.engine import load_faiss
from db.vectors.rotation import balanced_rotation


def stretched(rows: int, dim: int) -> np.ndarray:
    """Vectors of which few directions hold nearly all variance, none of them an axis."""
    rng = np.random.default_rng(0)
    scale = (np.arange(dim) + 1.0) ** -1.0
    turn = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    return ((rng.standard_normal((rows, dim)) * scale) @ turn).astype(np.float32)


@pytest.mark.parametrize(("dim", "codes"), [(64, 16), (30, 8), (3, 1), (63, 16)])
def test_inner_products_stay(dim: int, codes: int) -> None:
    sample = stretched(500, dim)
    rotation = balanced_rotation(sample, 4 * codes, codes)
    assert rotation.shape == (4 * codes, dim)
    assert rotation.dtype == np.float32
    turned = sample @ rotation.T
    assert np.allclose(turned @ turned.T, sample @ sample.T, atol=1e-4)


def test_every_code_has_as_much_to_tell() -> None:
    sample = stretched(4000, 64)
    variances = (sample @ balanced_rotation(sample, 64, 16).T).var(axis=0).reshape(16, 4)
    products = np.log(variances).sum(axis=1)
    in_order = np.log(np.sort(variances.ravel()).reshape(16, 4)).sum(axis=1)
    assert np.ptp(products) < 0.25 * np.ptp(in_order)


def test_codes_lose_less_by_it() -> None:
    sample = stretched(4000, 64)
    turned = sample @ balanced_rotation(sample, 64, 16).T
    lost = []
    for vectors in (sample, turned):
        codes = load_faiss().ProductQuantizer(64, 16, 4)
        codes.train(vectors)
        lost.append(float(np.square(vectors - codes.decode(codes.compute_codes(vectors))).sum()))
    assert lost[1] < 0.5 * lost[0]


def test_directions_that_never_vary() -> None:
    sample = stretched(200, 12)
    sample[:, 6:] = 0.25
    rotation = balanced_rotation(sample, 12, 3)
    assert np.isfinite(rotation).all()
    assert np.allclose(rotation.T @ rotation, np.eye(12), atol=1e-5)


def test_what_all_texts_share_has_a_code_of_its_own() -> None:
    sample = stretched(4000, 64)
    gap = np.random.default_rng(3).standard_normal(64).astype(np.float32)
    rotation = balanced_rotation(sample, 64, 16, gap)
    assert np.allclose(rotation @ rotation.T, np.eye(64), atol=1e-5)
    along = rotation @ (gap / np.linalg.norm(gap))
    assert abs(along[0]) == pytest.approx(1, abs=1e-5)
    beside = (sample @ rotation[1:4].T).var(axis=0)
    assert beside.max() < 2e-2 * sample.var(axis=0).mean()  # the least there is
