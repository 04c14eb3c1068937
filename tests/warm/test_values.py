"""What crosses the socket comes out as it went in; what is nothing of ours is told from what is."""

import json
from contextlib import suppress
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PictureProblem, ProblemKind, UsageError
from core.indexing import Progress
from core.pictures import Caption, CaptionSource, Orientation, Picture, PictureFacts, Tag, TakenAt, TakenSource
from core.queries import (
    Alike,
    AlikeKind,
    CopyKind,
    Filters,
    Fusion,
    Hit,
    Near,
    Reranked,
    SearchMode,
    SearchResult,
    Sort,
)
from core.queries import Took as TookMs
from semantic_image_search.warm.messages import Answer, Ask, Hello, LookupQuestion, Refused, SearchQuestion, Welcome
from semantic_image_search.warm.values import Garbled, pack, unpack

FACTS = PictureFacts(
    format="jpeg",
    width=640,
    height=480,
    exif_orientation=6,
    taken=TakenAt(datetime(2019, 5, 1, 12, 30, 5, 123456), -90, TakenSource.EXIF),  # noqa: DTZ001 - wall clock
    camera="Canon",
    lens=None,
    latitude=48.5,
    longitude=-2.25,
    captions=(Caption("a dog\n\x00 é", CaptionSource.IPTC, "blip", 0.25, kept=False),),
    phash=2**64 - 1,
    tags=(Tag("dog", "user", None, None),),
)
HIT = Hit(
    1,
    0.1 + 0.2,
    Picture(7, 3, b"/photos/\xff\n dog.jpg", (b"/a", "/é".encode()), True, FACTS, bytes(range(32))),
    (Alike(b"/b\x80", AlikeKind.BURST),),
    CopyKind.RECOMPRESSED,
    1e-300,
    Reranked(2.5, -0.0, float("inf")),
    ("dog",),
    named=True,
)
RESULT = SearchResult(
    "q \udcff", "s", "m", "/l", 1, 2, 3, TookMs(1.5, 2.5, 0.0, 4.0), (HIT,), (HIT,), "r", 1, ("n",), "w"
)
FILTERS = Filters(
    (b"/p\xff",),
    datetime(2019, 1, 1),  # noqa: DTZ001 - wall clock
    None,
    "canon",
    Near(1.0, 2.0, 3.0),
    Orientation.SQUARE,
    ("png",),
    ("t",),
)


@pytest.mark.parametrize(
    "value",
    [
        RESULT,
        Progress("rerank", 3, None, 1, "x"),
        Answer(RESULT, 8.25),
        Ask(
            SearchQuestion(
                "a dog", 3, 1, (b"/x",), ("cat",), (b"/y",), 0.5, 0.25, (0.1, 2.0), FILTERS, Sort.DATE, False, 0.5, 20, Fusion.ITM,
                SearchMode.VECTOR,
            ),
            ((b"/x", 1, 2),),
        ),
        Ask(LookupQuestion(b"/x\xff", filters=FILTERS)),
        *(Hello(1, "b", b"/l", (("a", "b"),)), Welcome(12), Refused("why"), None),
    ],
)  # fmt: skip
def test_values_come_out_as_they_went_in(value: object) -> None:
    back = unpack(json.loads(json.dumps(pack(value))))
    assert back == value
    assert repr(back) == repr(value)  # enumerations and not their texts, too


def test_errors_of_the_question_come_out_as_they_went_in() -> None:
    problem = unpack(pack(PictureProblem(ProblemKind.EMPTY, "it is empty")))
    assert isinstance(problem, PictureProblem)
    assert (problem.kind, problem.reason) == (ProblemKind.EMPTY, "it is empty")
    usage = unpack(pack(UsageError("no such thing")))
    assert isinstance(usage, UsageError)
    assert str(usage) == "no such thing"


def test_every_float32_of_a_vector_is_kept() -> None:
    numbers = np.random.default_rng(0).standard_normal(512).astype(np.float32)
    question = SearchQuestion(None, vector=tuple(numbers.tolist()))
    back = unpack(json.loads(json.dumps(pack(question))))
    assert isinstance(back, SearchQuestion)
    np.testing.assert_array_equal(np.asarray(back.vector, np.float32), numbers)


@pytest.mark.parametrize("value", [np.float32(1.0), np.float64(1.0), {"a": 1}, object(), {1, 2}, KeyError("x")])
def test_other_types_never_cross(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        pack(value)


@pytest.mark.parametrize(
    "garbled",
    [
        *({}, {"Hit": []}, {"Hit": 3}, {"Hit": None}, {"NoSuchThing": []}, {"bytes": "é☃"}, {"datetime": "x"}),
        *({"CopyKind": "x"}, {"CopyKind": []}, {"Took": [1, 2, 3]}, {"a": 1, "b": 2}, {"PictureProblem": 1}),
        *([[{"Welcome": [1, 2]}]], {"PictureProblem": [1]}),
    ],
)
def test_nonsense_is_garbled(garbled: object) -> None:
    with pytest.raises(Garbled):
        unpack(garbled)  # type: ignore[arg-type]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Hit", "Took", "bytes", "Hello", "x"]), inner),
    )
)
def test_any_json_is_a_value_or_garbled(value: object) -> None:
    with suppress(Garbled):
        unpack(value)  # type: ignore[arg-type]
