"""What core's Encoder Protocols promise, over every implementation."""

from collections.abc import Callable

import numpy as np
import pytest

from core.protocols import Encoder, ImageEncoder, TextEncoder
from encoders import load_encoder
from tests.fakes import FakeEncoder

RNG = np.random.default_rng(7)


@pytest.fixture(params=["fake", "tiny_clip"])
def make(request: pytest.FixtureRequest, tiny_clip: str) -> Callable[[], Encoder]:
    """Makes the same encoder again and again."""
    return FakeEncoder if request.param == "fake" else lambda: load_encoder(tiny_clip)


@pytest.fixture
def encoder(make: Callable[[], Encoder]) -> Encoder:
    return make()


def pictures(encoder: ImageEncoder, n: int) -> np.ndarray:
    fit = encoder.info.preprocess
    return np.random.default_rng(n).integers(0, 256, (n, fit.height, fit.width, 3), dtype=np.uint8)


def check_rows(rows: np.ndarray, n: int, encoder: TextEncoder) -> None:
    assert rows.shape == (n, encoder.info.dim)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_pictures_become_unit_float32_rows(encoder: Encoder, n: int) -> None:
    check_rows(encoder.encode_pixels(pictures(encoder, n)), n, encoder)


@pytest.mark.parametrize("texts", [[], ["a red car"], ["", "a dog", "word " * 300], ["x"] * 130])
def test_texts_become_unit_float32_rows(encoder: Encoder, texts: list[str]) -> None:
    check_rows(encoder.encode_texts(texts), len(texts), encoder)


def test_alone_or_in_a_batch_the_vector_is_the_same(encoder: Encoder) -> None:
    batch = pictures(encoder, 9)
    alone = np.concatenate([encoder.encode_pixels(batch[i : i + 1]) for i in range(9)])
    np.testing.assert_allclose(encoder.encode_pixels(batch), alone, atol=1e-3)
    texts = ["red", "a dog on the beach", "", "two words"]
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode_texts(texts), alone, atol=1e-3)


def test_another_encoder_of_the_same_model_gives_the_same(make: Callable[[], Encoder]) -> None:
    one, other = make(), make()
    batch = pictures(one, 3)
    np.testing.assert_allclose(one.encode_pixels(batch), other.encode_pixels(batch), atol=1e-5)
    np.testing.assert_allclose(one.encode_texts(["blue"]), other.encode_texts(["blue"]), atol=1e-5)
    assert one.info == other.info
    assert one.info.identity == other.info.identity


def test_different_pictures_point_elsewhere(encoder: Encoder) -> None:
    dark, light = np.zeros((1, 32, 32, 3), np.uint8), np.full((1, 32, 32, 3), 255, np.uint8)
    assert encoder.encode_pixels(dark)[0] @ encoder.encode_pixels(light)[0] < 0.99


def test_pixels_are_left_as_they_were(encoder: Encoder) -> None:
    batch = pictures(encoder, 2)
    before = batch.copy()
    encoder.encode_pixels(batch)
    np.testing.assert_array_equal(batch, before)
    batch.flags.writeable = False  # as from a memory map
    assert encoder.encode_pixels(batch).shape == (2, encoder.info.dim)


def test_what_is_cut_off_changes_nothing(encoder: Encoder) -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    cut = encoder.cut_off(text)
    assert cut
    assert text.endswith(cut)
    kept = text.removesuffix(cut)
    assert encoder.cut_off(kept) == ""
    np.testing.assert_allclose(encoder.encode_texts([kept]), encoder.encode_texts([text]), atol=1e-3)
    assert encoder.cut_off("") == ""


def test_info_says_how_to_fit_pictures(encoder: Encoder) -> None:
    info = encoder.info
    assert (info.preprocess.height, info.preprocess.width) == (32, 32)
    assert info.logit_scale is not None
    assert info.logit_scale > 1
    assert len(info.identity) == 64
