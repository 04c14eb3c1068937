"""Texts for one picture: each once, in order, a reranker's look as far as its time goes."""

from collections.abc import Sequence

import numpy as np
import pytest

from core.arrays import PictureFeatures
from core.descriptions import Origin
from core.pictures import Caption, CaptionSource
from core.protocols import MatchScores
from searcher import pace
from searcher.describe import Looked, Said, each_once, in_order, look, own_texts, ranked, with_scores
from tests.fakes import FakeReranker

PICTURE = np.zeros((1, 16, 3), np.float16)


def texts(said: Sequence[Said]) -> list[str]:
    return [one.text for one in said]


def test_captions_judged_not_to_fit_have_no_part() -> None:
    own = [
        Caption("a cat", CaptionSource.IPTC),
        Caption("a dog", CaptionSource.GENERATED, "blip", match=0.1, kept=False),
        Caption("an owl", CaptionSource.GENERATED, "blip", match=0.9),
    ]
    assert [(one.text, one.origin, one.source, one.model) for one in own_texts(own)] == [
        ("a cat", Origin.OWN, CaptionSource.IPTC, None),
        ("an owl", Origin.OWN, CaptionSource.GENERATED, "blip"),
    ]


def test_a_text_counts_once_and_keeps_the_score_of_the_other() -> None:
    said = [
        Said("A cat", Origin.OWN),
        Said("  ", Origin.GENERATED),
        Said("a  CAT", Origin.LIBRARY, score=0.3),
        Said("a dog", Origin.LIBRARY, score=0.2),
    ]
    assert each_once(said) == [Said("A cat", Origin.OWN, score=0.3), Said("a dog", Origin.LIBRARY, score=0.2)]


def test_scores_go_to_those_that_have_none() -> None:
    said = [Said("a", Origin.OWN), Said("b", Origin.LIBRARY, score=0.5), Said("c", Origin.GENERATED)]
    vectors = np.array([[1.0, 0.0], [0.6, 0.8]], np.float32)
    scored = with_scores(said, vectors, np.array([1.0, 0.0], np.float32))
    assert [one.score for one in scored] == pytest.approx([1.0, 0.5, 0.6])


def test_its_own_texts_are_looked_at_first() -> None:
    said = [
        Said("far", Origin.LIBRARY, score=0.1),
        Said("near", Origin.LIBRARY, score=0.4),
        Said("unscored", Origin.OWN),
        Said("own", Origin.OWN, score=0.2),
        Said("written", Origin.GENERATED, score=0.3),
    ]
    assert texts(in_order(said)) == ["written", "own", "unscored", "near", "far"]


def test_those_not_reached_stay_below_as_they_were() -> None:
    said = [Said(name, Origin.LIBRARY, score=score) for name, score in (("a", 0.4), ("b", 0.3), ("d", 0.2), ("c", 0.1))]
    looked = Looked(itm=(-1.0, 2.0), itc=(0.5, -0.5), probability=(0.2, 0.9))
    found = ranked(said, looked, k=10)
    assert [(one.rank, one.text, one.match) for one in found] == [
        (1, "b", 0.9),
        (2, "a", 0.2),
        (3, "d", None),
        (4, "c", None),
    ]
    assert found[0].reranked is not None
    assert found[0].reranked.fused == 1.5
    assert [one.text for one in ranked(said, looked, k=3)] == ["b", "a", "d"]
    assert [one.text for one in ranked(said, None, k=2)] == ["a", "b"]


def test_its_own_cosine_breaks_what_the_matching_head_leaves_open() -> None:
    said = [Said("a", Origin.LIBRARY), Said("b", Origin.LIBRARY)]
    found = ranked(said, Looked(itm=(1.0, 1.0), itc=(0.1, 0.4), probability=(0.7, 0.7)), k=2)
    assert [one.text for one in found] == ["b", "a"]


def test_a_depth_is_looked_at_whatever_it_takes() -> None:
    reranker = FakeReranker()
    looked = look(reranker, PICTURE, ["black"] * 200, depth=150, budget_s=0.0)
    assert (len(looked.itm), len(looked.probability), reranker.pairs_matched) == (150, 150, 150)
    assert len(look(reranker, PICTURE, ["black"] * 3, depth=150, budget_s=0.0).itm) == 3


class Slow(FakeReranker):
    """Each match moves the clock on."""

    def __init__(self, seconds_a_text: float) -> None:
        super().__init__()
        self.seconds_a_text, self.now = seconds_a_text, 0.0

    def match(self, texts: Sequence[str], features: PictureFeatures) -> MatchScores:
        self.now += (100.0 if not self.pairs_matched else 0.0) + self.seconds_a_text * len(texts)  # loads first
        return super().match(texts, features)


@pytest.mark.parametrize(
    ("seconds_a_text", "texts_seen"),
    [(0.0, 128), (0.05, 1 + 3 * 16), (10.0, 1 + 16)],
)
def test_a_budget_bounds_the_look_and_loading_is_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, seconds_a_text: float, texts_seen: int
) -> None:
    reranker = Slow(seconds_a_text)
    monkeypatch.setattr(pace, "perf_counter", lambda: reranker.now)
    assert len(look(reranker, PICTURE, ["black"] * 500, depth=None, budget_s=3.0).itm) == texts_seen
