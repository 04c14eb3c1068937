import numpy as np
import pytest

from core.errors import UsageError
from searcher.request import SearchRequest

GREY = np.full((32, 32, 3), 127, np.uint8)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "empty"),
        ({"text": "   "}, "empty"),
        ({"not_texts": ("a cat",)}, "only what not to find"),
        ({"text": "a", "not_texts": (" ",)}, "empty text"),
        ({"text": "a", "image_weight": -0.1}, "image weight"),
        ({"text": "a", "not_weight": float("nan")}, "not weight"),
        ({"vector": np.zeros(4, np.float32)}, "length zero"),
        ({"vector": np.array([1, np.nan], np.float32)}, "not finite"),
        ({"vector": np.array([1, np.inf], np.float32)}, "not finite"),
        ({"vector": np.ones((2, 2), np.float32)}, "one row"),
        ({"vector": np.ones(0, np.float32)}, "one row"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(given, says):
    with pytest.raises(UsageError, match=says):
        SearchRequest(**given)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"text": " a dog "}, "a dog"),
        ({"text": "a dog", "images": (GREY,)}, "a dog + 1 picture"),
        ({"images": (GREY, GREY), "not_texts": ("snow", "ice")}, "2 pictures - snow - ice"),
        ({"vector": np.ones(3, np.float32)}, "a vector"),
    ],
)
def test_a_query_says_what_it_is_in_one_line(given, line):
    assert SearchRequest(**given).describe() == line


def test_only_words_and_pictures_need_an_encoder():
    vector = np.ones(3, np.float32)
    assert not SearchRequest(vector=vector).needs_encoder
    assert SearchRequest(vector=vector, not_texts=("snow",)).needs_encoder
    assert SearchRequest(images=(GREY,)).needs_encoder
