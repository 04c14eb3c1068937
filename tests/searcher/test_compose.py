import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.errors import UsageError
from searcher.compose import BESIDE_WORDS, VANISHED, compose, query_vector
from searcher.request import SearchRequest
from tests.fakes import FakeEncoder
from tests.searcher.memory import unit

DIM = 6
NONE = np.empty((0, DIM), np.float32)


def rows(most: int):
    shape = st.tuples(st.integers(1, most), st.just(DIM))
    numbers = st.floats(-1, 1, width=32)
    return (
        hnp.arrays(np.float32, shape, elements=numbers)
        .filter(lambda a: (np.linalg.norm(a, axis=1) > 0.1).all())
        .map(unit)
    )


@given(rows(1), rows(4), rows(4), rows(4), st.tuples(*[st.floats(0, 5)] * 3))
def test_the_formula(text, images, nots, not_images, weights):
    wide = [a.astype(np.float64).mean(axis=0) for a in (images, nots, not_images)]
    total = text[0].astype(np.float64) + weights[0] * wide[0] - weights[1] * wide[1] - weights[2] * wide[2]
    length = np.linalg.norm(total)
    given_weights = dict(zip(("image_weight", "not_weight", "not_image_weight"), weights, strict=True))
    if length <= VANISHED:
        with pytest.raises(UsageError, match="cancel"):
            compose(text[0], images, nots, not_images=not_images, **given_weights)
        return
    vector = compose(text[0], images, nots, not_images=not_images, **given_weights)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, total / length, atol=1e-6)
    assert abs(np.linalg.norm(vector.astype(np.float64)) - 1) < 1e-6


@given(rows(4), st.permutations(range(4)))
def test_the_order_of_examples_does_not_matter(images, order):
    order = [i for i in order if i < len(images)]
    if np.linalg.norm(images.mean(axis=0)) < 0.05:
        return
    np.testing.assert_allclose(compose(None, images, NONE), compose(None, images[order], NONE), atol=1e-5)


@given(rows(1))
def test_a_text_alone_is_itself(text):
    np.testing.assert_allclose(compose(text[0], NONE, NONE), text[0], atol=1e-6)


@given(rows(1))
def test_what_cancels_out_is_refused(text):
    with pytest.raises(UsageError, match="cancel"):
        compose(text[0], NONE, text, not_weight=1.0)


def test_examples_of_weight_zero_alone_are_refused():
    with pytest.raises(UsageError, match="cancel"):
        compose(None, unit([[1, 0, 0, 0, 0, 0]]), NONE, image_weight=0.0)


def test_a_request_is_encoded_and_mixed():
    encoder = FakeEncoder()
    blue = np.empty((32, 32, 3), np.uint8)
    blue[:] = (30, 60, 220)
    request = SearchRequest(text="red", images=(blue,), not_texts=("white", "black"), image_weight=2.0, not_weight=0.25)
    red, white, black = encoder.encode_texts(["red", "white", "black"])
    picture = encoder.encode_pixels(blue[None])[0]
    expected = unit(red + 2.0 * picture - 0.25 * (white + black) / 2)
    np.testing.assert_allclose(query_vector(request, encoder.info.dim, encoder), expected, atol=1e-5)


def test_a_vector_needs_no_encoder_and_any_length_will_do():
    for scale in (1e-30, 1.0, 1e30):
        vector = (np.array([3, 0, 4]) * scale).astype(np.float32)
        found = query_vector(SearchRequest(vector=vector), 3, None)
        np.testing.assert_allclose(found, [0.6, 0, 0.8], atol=1e-6)


def test_a_vector_weighs_as_much_as_the_text():
    encoder = FakeEncoder()
    vector = np.zeros(encoder.info.dim, np.float32)
    vector[3] = 7.0
    mixed = query_vector(SearchRequest(text="red", vector=vector), encoder.info.dim, encoder)
    np.testing.assert_allclose(mixed, unit(encoder.encode_texts(["red"])[0] + vector / 7.0), atol=1e-5)


def test_words_without_an_encoder_are_refused():
    with pytest.raises(UsageError, match="no model"):
        query_vector(SearchRequest(text="red"), 3, None)


def test_known_vectors_count_as_pictures_do_and_need_no_encoder():
    like, unlike = unit([[1, 1, 0, 0]]), unit([[0, 1, 0, 0], [0, 0, 1, 0]])
    request = SearchRequest(like=like, unlike=unlike, image_weight=2.0, not_weight=0.25)
    assert not request.needs_encoder
    np.testing.assert_allclose(
        query_vector(request, 4, None), unit(2.0 * like[0] - 0.25 * unlike.mean(axis=0)), atol=1e-6
    )


def test_known_and_encoded_pictures_are_one_mean():
    encoder = FakeEncoder()
    blue = np.empty((32, 32, 3), np.uint8)
    blue[:] = (30, 60, 220)
    picture, red = encoder.encode_pixels(blue[None]), encoder.encode_texts(["red"])
    mixed = query_vector(SearchRequest(images=(blue,), like=red), encoder.info.dim, encoder)
    np.testing.assert_allclose(mixed, unit((picture + red)[0]), atol=1e-5)


def test_unwanted_pictures_count_less_beside_words_alone():
    encoder = FakeEncoder()
    red, white = encoder.encode_texts(["red"])[0], encoder.encode_texts(["white"])
    beside_words = query_vector(SearchRequest(text="red", unlike=white), encoder.info.dim, encoder)
    np.testing.assert_allclose(beside_words, unit(red - 0.5 * BESIDE_WORDS * white[0]), atol=1e-5)
    blue = encoder.encode_texts(["blue"])
    beside_pictures = query_vector(SearchRequest(text="red", like=blue, unlike=white), encoder.info.dim, encoder)
    np.testing.assert_allclose(beside_pictures, unit(red + blue[0] - 0.5 * white[0]), atol=1e-5)
