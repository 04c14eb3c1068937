"""What core's Protocols of the second stage promise, over the fakes and over real BLIPs."""

from collections.abc import Callable

import numpy as np
import pytest

from core.protocols import Reranker
from encoders import load_reranker
from tests.fakes import FakeReranker
from tests.tiny_blip import MODEL_FOLDER

TINY = f"local-dir:{MODEL_FOLDER}"
TEXTS = ["a red circle left of a blue square", "red", "", "a green triangle", "word " * 60]


@pytest.fixture(params=["fake", "tiny_blip"])
def make_reranker(request: pytest.FixtureRequest) -> Callable[[], Reranker]:
    """Makes the same reranker again and again."""
    return FakeReranker if request.param == "fake" else lambda: load_reranker(TINY)


@pytest.fixture
def reranker(make_reranker: Callable[[], Reranker]) -> Reranker:
    return make_reranker()


def pictures(model, n: int) -> np.ndarray:
    fit = model.info.preprocess
    return np.random.default_rng(n).integers(0, 256, (n, fit.height, fit.width, 3), dtype=np.uint8)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_features_are_float16_and_as_many_as_info_says(reranker: Reranker, n: int) -> None:
    features = reranker.see(pictures(reranker, n))
    assert features.shape == (n, reranker.info.tokens, reranker.info.width)
    assert features.dtype == np.float16
    assert np.isfinite(features).all()


def test_features_alone_or_in_a_batch_are_the_same(reranker: Reranker) -> None:
    batch = pictures(reranker, 9)
    before = batch.copy()
    alone = np.concatenate([reranker.see(batch[i : i + 1]) for i in range(9)])
    np.testing.assert_allclose(reranker.see(batch), alone, atol=2e-3)
    np.testing.assert_array_equal(batch, before)
    batch.flags.writeable = False  # as from a memory map
    assert reranker.see(batch).shape == alone.shape


@pytest.mark.parametrize(("texts", "seen"), [(1, 1), (1, 4), (4, 1), (4, 4), (0, 0), (0, 1), (1, 0)])
def test_one_text_meets_all_pictures_and_one_picture_all_texts(reranker: Reranker, texts: int, seen: int) -> None:
    features = reranker.see(pictures(reranker, 4))[:seen]
    scores = reranker.match(TEXTS[:texts], features)
    count = max(texts, seen) if texts and seen else 0
    assert (scores.itm.shape, scores.itm.dtype) == ((count, 2), np.float32)
    assert (scores.itc.shape, scores.itc.dtype) == ((count,), np.float32)
    assert np.isfinite(scores.itm).all()
    assert (np.abs(scores.itc) <= 1 + 1e-5).all()
    for pair in range(count):
        alone = reranker.match([TEXTS[:texts][pair % texts]], features[pair % seen][None])
        np.testing.assert_allclose(alone.itm[0], scores.itm[pair], atol=1e-4)
        np.testing.assert_allclose(alone.itc[0], scores.itc[pair], atol=1e-4)


def test_what_makes_no_pairs_is_refused(reranker: Reranker) -> None:
    features = reranker.see(pictures(reranker, 3))
    with pytest.raises(ValueError, match="2 texts and 3 pictures make no pairs"):
        reranker.match(TEXTS[:2], features)


def test_the_same_text_twice_scores_the_same_and_the_order_is_kept(reranker: Reranker) -> None:
    features = reranker.see(pictures(reranker, 2))
    texts = [TEXTS[1], TEXTS[4], TEXTS[0], TEXTS[1], TEXTS[2]]
    scores = reranker.match(texts, features[:1])
    np.testing.assert_allclose(scores.itm[0], scores.itm[3], atol=1e-5)
    for text, itm in zip(texts, scores.itm, strict=True):
        np.testing.assert_allclose(reranker.match([text], features[:1]).itm[0], itm, atol=1e-4)


def test_another_reranker_of_the_same_model_scores_the_same(make_reranker: Callable[[], Reranker]) -> None:
    one, other = make_reranker(), make_reranker()
    batch = pictures(one, 3)
    np.testing.assert_array_equal(one.see(batch), other.see(batch))
    np.testing.assert_array_equal(
        one.match(TEXTS[:1], one.see(batch)).itm, other.match(TEXTS[:1], other.see(batch)).itm
    )
    assert one.info == other.info
    assert len(one.info.identity) == 64
