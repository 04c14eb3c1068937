"""The second look over candidates in memory: how deep, in what time, in what order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.arrays import PictureFeatures
from core.errors import DeviceError, SearchError, UnknownModel, UsageError, WeightsMissing
from core.models import RerankerInfo
from core.protocols import MatchScores
from core.queries import Fusion, Page, Rerank, SearchMode
from searcher import pace
from searcher import rerank as module
from searcher.features import FeatureSource
from searcher.grouping import Found
from searcher.request import SearchRequest
from searcher.rerank import SecondLook, depth_wanted, rerank
from tests.fakes import FakeReranker
from tests.searcher.memory import make_picture

if TYPE_CHECKING:
    from core.indexing import Progress

COUNT = 150
CANDIDATES = [Found(make_picture(row), 0.9 - row / 1000) for row in range(COUNT)]


class Scripted(FakeReranker):
    """What it sees in a picture is the logit it gives; `seconds` pass with each pair."""

    def __init__(self, *, fast: bool = True, seconds: float = 0.0) -> None:
        super().__init__()
        self.fast, self.seconds, self.now = fast, seconds, 0.0
        self.read: list[str] = []

    @property
    def info(self) -> RerankerInfo:
        return replace(super().info, fast=self.fast)

    def match(self, texts: Sequence[str], features: PictureFeatures) -> MatchScores:
        self.read += texts
        self.now += self.seconds * len(features)
        logits = features[:, 0, 0].astype(np.float32)
        return MatchScores(np.stack([-logits, logits], axis=1), features[:, 0, 1].astype(np.float32))


@dataclass
class Kept:
    """Features by content, in memory."""

    features: dict[bytes, PictureFeatures]

    def __contains__(self, content_hash: bytes) -> bool:
        return content_hash in self.features

    def get(self, content_hash: bytes) -> PictureFeatures | None:
        return self.features.get(content_hash)

    def put(self, content_hash: bytes, features: PictureFeatures) -> bool:
        raise AssertionError("no file can be read here")


@dataclass
class Remembered:
    depths: dict[str, int] = field(default_factory=dict)

    def recall(self, query: str) -> int | None:
        return self.depths.get(query)

    def remember(self, query: str, depth: int) -> None:
        self.depths[query] = depth


def seen(*rows: int) -> Kept:
    """Row r was seen, with the logit (37 r) mod 101 / 10 - 5 and the cosine 0.01 (r mod 7)."""
    chosen = rows or range(COUNT)
    return Kept({b"%032d" % row: np.array([[_logit(row), 0.01 * (row % 7)]], np.float16) for row in chosen})


def _logit(row: int) -> float:
    return (37 * row % 101) / 10 - 5


def look(reranker: Scripted, kept: Kept | None = None, **given: object) -> SecondLook:
    options: dict[str, object] = {
        "at_hand": lambda: True,
        "source": lambda: FeatureSource(reranker, kept or seen()),
        "name": "scripted",
        "budget_s": 3.0,
        "depths": Remembered(),
        "listener": lambda _: None,
        **given,
    }
    return SecondLook(**options)  # type: ignore[arg-type]


def asked(depth: int | None = None, *, fusion: Fusion = Fusion.ITM, **given: object) -> SearchRequest:
    return SearchRequest(**{"text": "words", "rerank": Rerank(depth=depth, fusion=fusion), **given})  # type: ignore[arg-type]


def rows(found: Sequence[Found]) -> list[int]:
    return [one.picture.row for one in found]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A slow reranker whose pairs take 0.1 s of the only clock there is."""
    reranker = Scripted(fast=False, seconds=0.1)
    monkeypatch.setattr(pace, "perf_counter", lambda: reranker.now)
    return reranker


def test_the_first_so_many_are_ordered_anew_and_the_rest_stays_below() -> None:
    looked = rerank(CANDIDATES, asked(40), look(Scripted()))
    assert rows(looked.found[:40]) == sorted(range(40), key=lambda row: (-_logit(row), row))
    assert rows(looked.found[40:]) == list(range(40, COUNT))
    assert (looked.reranker, looked.count, looked.why_not) == ("fake-reranker", 40, None)
    best = looked.found[0]
    assert best.match == pytest.approx(1 / (1 + np.exp(-2 * _logit(best.picture.row))), abs=1e-3)
    assert all(one.match is None and one.reranked is None for one in looked.found[40:])
    assert [one.score for one in looked.found[40:]] == [one.score for one in CANDIDATES[40:]]


@pytest.mark.parametrize("fusion", list(Fusion))
def test_fusions_are_sums(fusion: Fusion) -> None:
    looked = rerank(CANDIDATES, asked(30, fusion=fusion), look(Scripted()))
    for one in looked.found[:30]:
        assert one.reranked is not None
        added = {Fusion.ITM: 0.0, Fusion.ITM_ITC: one.reranked.itc, Fusion.ITM_CLIP: one.score}[fusion]
        assert one.reranked.fused == pytest.approx(one.reranked.itm + added, abs=1e-4)
    fused = [one.reranked.fused for one in looked.found[:30] if one.reranked]
    assert fused == sorted(fused, reverse=True)


def test_what_cannot_be_read_is_between_the_judged_and_the_rest() -> None:
    looked = rerank(CANDIDATES, asked(10), look(Scripted(), seen(1, 2, 4, 8)))
    assert rows(looked.found) == [
        *sorted((1, 2, 4, 8), key=lambda row: -_logit(row)), 0, 3, 5, 6, 7, 9, *range(10, COUNT)
    ]  # fmt: skip
    assert looked.count == 4
    assert looked.notices == ["6 of the 10 best could not be opened, and stand below the reranked"]


@pytest.mark.parametrize("depth", [10, None])
def test_where_no_file_can_be_opened_nobody_has_looked(depth: int | None) -> None:
    looked = rerank(CANDIDATES[:20], asked(depth), look(Scripted(), seen(COUNT)))
    assert (looked.reranker, looked.count, rows(looked.found)) == (None, 0, list(range(20)))
    assert looked.notices == [f"not reranked: none of the files of the {depth or 20} best can be opened just now"]


def test_equal_scores_stay_as_they_were_found() -> None:
    same = Kept({b"%032d" % row: np.array([[1.0, 0.1]], np.float16) for row in range(COUNT)})
    assert rows(rerank(CANDIDATES, asked(100), look(Scripted(), same)).found) == list(range(COUNT))


def test_only_the_words_are_read() -> None:
    reranker = Scripted()
    rerank(CANDIDATES, asked(5, text=" a dog ", not_texts=("grass",)), look(reranker))
    assert set(reranker.read) == {"a dog"}


def test_zero_looks_at_nothing_and_nothing_is_asked_for() -> None:
    def never() -> FeatureSource:
        raise AssertionError("the reranker was made")

    looked = rerank(CANDIDATES, asked(0), look(Scripted(), source=never))
    assert (rows(looked.found), looked.reranker) == (list(range(COUNT)), None)
    assert depth_wanted(asked(0), look(Scripted())) == 0


def test_what_was_asked_for_and_cannot_be_is_an_error() -> None:
    def missing() -> FeatureSource:
        raise WeightsMissing("not here", fetchable="scripted")

    with pytest.raises(WeightsMissing):
        rerank(CANDIDATES, asked(5), look(Scripted(), source=missing))
    with pytest.raises(UsageError, match="no reranker"):
        rerank(CANDIDATES, asked(5), None)
    with pytest.raises(UsageError, match="reads words"):
        asked(5, text=None, vector=np.ones(3, np.float32))
    with pytest.raises(UsageError, match="1,000"):
        Rerank(depth=1_001)


def test_auto_looks_at_a_hundred_on_a_fast_device() -> None:
    looked = rerank(CANDIDATES, asked(), look(Scripted()))
    assert looked.count == module.AUTO_DEPTH == depth_wanted(asked(), look(Scripted()))


@pytest.mark.parametrize("page", [Page(k=120), Page(k=10, offset=120)])
def test_a_page_that_goes_deeper_than_auto_does_is_reranked_as_far_as_it_goes(page: Page) -> None:
    looked = rerank(CANDIDATES, asked(page=page), look(Scripted()))
    assert (looked.count, looked.why_not) == (module.AUTO_DEPTH, None)
    assert rows(looked.found[100:]) == list(range(100, COUNT))


def test_auto_stops_when_the_time_is_over(clock: Scripted) -> None:
    """The first pair loads the model and is not counted; then 24 pairs of 0.1 s fit into 2.5 s, and 32 do not."""
    heard: list[Progress] = []
    looked = rerank(CANDIDATES, asked(), look(clock, budget_s=2.5, listener=heard.append))
    assert looked.count == 25
    assert rows(looked.found[25:]) == list(range(25, COUNT))
    assert [progress.done for progress in heard] == [1, 9, 17, 25]


def test_a_number_takes_as_long_as_it_takes(clock: Scripted) -> None:
    assert rerank(CANDIDATES, asked(120), look(clock, budget_s=0.5)).count == 120


def test_pages_of_auto_fit_together_whatever_the_time(clock: Scripted) -> None:
    depths = Remembered()
    first = rerank(CANDIDATES, asked(), look(clock, budget_s=2.5, depths=depths))
    second_page = asked(page=Page(offset=10))
    for budget in (0.3, 1000.0):
        assert rows(rerank(CANDIDATES, second_page, look(clock, budget_s=budget, depths=depths)).found) == rows(
            first.found
        )
    other = rerank(CANDIDATES, asked(text="other", page=Page(offset=10)), look(clock, budget_s=1000.0, depths=depths))
    assert other.count == 100


def test_auto_on_a_slow_device_goes_as_deep_as_pictures_were_seen(clock: Scripted) -> None:
    known = seen(*range(30))
    with_time_for_two = look(clock, known, budget_s=2.9)
    looked = rerank(CANDIDATES, asked(), with_time_for_two)
    assert looked.count <= 30
    assert looked.count >= 20
    too_few = rerank(CANDIDATES, asked(page=Page(k=40)), look(clock, known))
    assert (too_few.count, too_few.telling) == (0, True)
    assert "search models precompute" in too_few.why_not


@pytest.mark.parametrize(
    ("request_", "given", "why"),
    [
        (asked(), {"at_hand": lambda: False}, "search models pull scripted"),
        (asked(), {"budget_s": 0.0}, "rerank_budget_s"),
        (asked(vector=np.ones(3, np.float32)), {}, "not words alone"),
        (asked(text=None, vector=np.ones(3, np.float32)), {}, ""),
        (asked(mode=SearchMode.TEXT), {}, "text mode"),
    ],
)
def test_auto_is_silent_where_nobody_would_ask(request_: SearchRequest, given: dict[str, object], why: str) -> None:
    second = look(Scripted(), **given)
    looked = rerank(CANDIDATES, request_, second)
    assert (looked.reranker, looked.telling) == (None, False)
    assert why in (looked.why_not or "")
    assert rows(looked.found) == list(range(COUNT))
    assert depth_wanted(request_, second) == 0


@pytest.mark.parametrize("error", [DeviceError, UnknownModel, UsageError])
def test_a_reranker_that_fails_costs_auto_no_answer(error: type[SearchError]) -> None:
    def broken() -> FeatureSource:
        raise error("no such thing")

    second = look(Scripted(), source=broken, at_hand=broken if error is UnknownModel else lambda: True)
    looked = rerank(CANDIDATES, asked(), second)
    assert depth_wanted(asked(), second) == 100
    assert (looked.count, looked.telling, looked.why_not) == (0, True, "no such thing")
    assert rows(looked.found) == list(range(COUNT))


def test_words_that_the_reranker_cannot_read_are_left_as_they_were_found() -> None:
    """The library's own model may read every language; an English reranker would shuffle its hits."""
    reranker = Scripted()
    looked = rerank(CANDIDATES, asked(text="一只狗在海滩上"), look(reranker))
    assert (looked.reranker, rows(looked.found), reranker.read) == (None, list(range(COUNT)), [])
    assert "Chinese" in looked.notices[0]
    assert "fake-reranker reads en" in looked.notices[0]
    asked_for = rerank(CANDIDATES, asked(10, text="ein Hund auf dem Sofa"), look(reranker))
    assert asked_for.count == 10
    assert "German" in asked_for.notices[0]
    assert "arbitrary" in asked_for.notices[0]
