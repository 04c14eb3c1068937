"""The second look: a reranker reads the words and looks at the first candidates, pair by pair, and orders them anew.

Order of the BLIP paper's protocol: the logit of "match", and the reranker's own cosine beside it. What it did not reach
(no time left, a file that cannot be read) stays below what it did, in the order it was found.

An answer's pages fit together, since a depth says how many of the best candidates are looked at, whichever page is
asked for. `auto` looks at as many of AUTO_DEPTH as its budget lets it; where the first page stopped is remembered
(Depths), and the following pages stop there, too.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import PictureProblem, SearchError, UsageError
from core.indexing import ProgressListener
from core.notices import Notice, notice
from core.protocols import MatchScores
from core.queries import Fusion, Reranked, SearchMode
from searcher.features import FeatureSource, ToSee
from searcher.grouping import Found
from searcher.language import unread_language
from searcher.pace import Pace
from searcher.request import SearchRequest

AUTO_DEPTH = 100
"""Candidates that `auto` looks at where it has the time: a GPU's second. The papers take 128 or 256 of a thousand."""

SLOW_SECONDS = 1.0
"""For a picture that a slow device sees for the first time: 0.4 s in bfloat16, 1.4 in float32 (measured, BLIP base)."""

FAST_BLOCK, SLOW_BLOCK = 32, 8
"""Candidates looked at together: a GPU gains up to here; on a CPU it is how closely the budget is kept (0.7 s)."""

DECIMALS = 4
"""What a pair's score depends on its batch by; rounded, copies of one picture stay in order on every page."""

FUSIONS: dict[Fusion, Callable[[MatchScores, NDArray[np.float32]], NDArray[np.float32]]] = {
    Fusion.ITM: lambda scores, _: scores.itm[:, 1],
    Fusion.ITM_ITC: lambda scores, _: scores.itm[:, 1] + scores.itc,
    Fusion.ITM_CLIP: lambda scores, cosines: scores.itm[:, 1] + cosines,
}
"""Scores of n pairs and the library's cosines, float32 (n,), to what they are ordered by, float32 (n,)."""


class Depths(Protocol):
    """How far down the first page of a query was reranked."""

    def recall(self, query: str) -> int | None:
        """None where it is not known."""
        ...

    def remember(self, query: str, depth: int) -> None:
        """For the pages that follow."""
        ...


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What it takes to look again; made by the front door.

    Attributes:
        at_hand: whether the reranker's weights are on this machine; loads nothing.
        source: the reranker and what it has seen so far; raises SearchError where it cannot be used.
        name: the reranker's.
        budget_s: how long `auto` may look, once the model is loaded; 0: never.
        depths: where the first pages stopped.
        listener: hears how far it is.
    """

    at_hand: Callable[[], bool]
    source: Callable[[], FeatureSource]
    name: str
    budget_s: float
    depths: Depths
    listener: ProgressListener


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of the candidates.

    Attributes:
        found: all of them, those the reranker looked at first.
        reranker: that looked; None: none did.
        count: how many it looked at.
        why_not: why it did not look at any; None where nobody would ask.
        telling: whether that is worth a line to somebody who did not ask.
        missed: how many files it would have looked at, and could not open.
        doubt: why its order may be arbitrary; None where nothing speaks against it.
    """

    found: Sequence[Found]
    reranker: str | None = None
    count: int = 0
    why_not: Notice | None = None
    telling: bool = False
    missed: int = 0
    doubt: Notice | None = None

    @property
    def notices(self) -> list[Notice]:
        """What a person should know about it."""
        if self.telling and self.why_not is not None:
            return [self.why_not.behind("not reranked: ")]
        missed = notice("rerank_missed", missed=self.missed, count=self.count + self.missed)
        return [*([self.doubt] if self.doubt else []), *([missed] if self.missed else [])]


def depth_wanted(request: SearchRequest, second: SecondLook | None) -> int:
    """How many candidates beyond the page a reranker may ask for; 0 where it will not look."""
    depth = request.rerank.depth
    if depth is not None:
        return depth
    looks = second is not None and request.words and _silent_reason(request, second) is None
    return AUTO_DEPTH if looks else 0


def rerank(found: Sequence[Found], request: SearchRequest, second: SecondLook | None) -> Looked:
    """The candidates (best first), as many as the request wants ordered by a reranker.

    Raises:
        UsageError: reranking was asked for, and there is no reranker.
        WeightsMissing, UnknownModel, DeviceError: it was asked for, and the reranker cannot be used.
    """
    depth = request.rerank.depth
    if depth == 0 or not found:
        return Looked(found)
    if depth is None:
        return _auto(found, request, second)
    if second is None:
        raise UsageError("there is no reranker at hand: leave reranking out")
    source = second.source()
    looked = _look(found, request, source, Pace(second.listener), depth)
    unread = _unread(request, source)
    return looked if unread is None else replace(looked, doubt=notice("rerank_doubt", **unread))


def _auto(found: Sequence[Found], request: SearchRequest, second: SecondLook | None) -> Looked:
    if second is None or not request.words:
        return Looked(found)
    reason = _silent_reason(request, second)
    if reason is not None:
        return Looked(found, why_not=reason)
    try:
        source = second.source()
        unread = _unread(request, source)
        if unread is not None:
            return Looked(found, why_not=notice("rerank_language", **unread), telling=True)
        page, query = request.page, _key(request, source)
        known = second.depths.recall(query) if page.offset else None
        depth = _depth_in_time(found[:AUTO_DEPTH], source, second.budget_s) if known is None else known
        if known is None and depth < min(page.offset + page.k, len(found), AUTO_DEPTH):
            why_not = notice("rerank_slow", model=second.name, count=len(found[:AUTO_DEPTH]))
            return Looked(found, why_not=why_not, telling=True)
        pace = Pace(second.listener, second.budget_s if known is None else None)
        looked = _look(found, request, source, pace, depth)
        if known is None:
            second.depths.remember(query, pace.done)
    except SearchError as error:  # nobody asked for it: a model that cannot be used costs no answer
        return Looked(found, why_not=notice("rerank_failed", why=error), telling=True)
    return looked


def _silent_reason(request: SearchRequest, second: SecondLook) -> Notice | None:
    """Why `auto` does not look at these words at all, for those who ask; None where it may."""
    if request.mode is SearchMode.TEXT:
        return notice("rerank_text_mode")
    if not request.only_words:
        return notice("rerank_mixed")
    if second.budget_s <= 0:
        return notice("rerank_switched_off")
    return None if _at_hand(second) else notice("rerank_weights_missing", model=second.name)


def _unread(request: SearchRequest, source: FeatureSource) -> dict[str, str] | None:
    """That the reranker most likely cannot read the words: its order would be arbitrary. None where it can."""
    info = source.reranker.info
    unread = unread_language(request.words, info.languages)
    return None if unread is None else {"language": unread, "model": info.name, "reads": ", ".join(info.languages)}


def _at_hand(second: SecondLook) -> bool:
    """As `at_hand`; a reranker that cannot even be looked for is told of when it is made."""
    try:
        return second.at_hand()
    except SearchError:
        return True


def _depth_in_time(found: Sequence[Found], source: FeatureSource, budget_s: float) -> int:
    """How many of the candidates can be looked at within the budget, as far as can be told before."""
    if source.reranker.info.fast:
        return len(found)
    unseen, most = 0, int(budget_s / SLOW_SECONDS)
    for depth, one in enumerate(found):
        unseen += not source.knows(one.picture.content_hash)
        if unseen > most:
            return depth
    return len(found)


def _look(found: Sequence[Found], request: SearchRequest, source: FeatureSource, pace: Pace, depth: int) -> Looked:
    first = found[:depth]
    judged: list[Found] = []
    missed: list[Found] = []  # files that cannot be read
    with source.at_work():
        for block in pace.blocks(len(first), FAST_BLOCK if source.reranker.info.fast else SLOW_BLOCK):
            for before, after in zip(first[block], _judge(first[block], request, source), strict=True):
                (missed if after is None else judged).append(before if after is None else after)
    if not judged:
        return Looked(found, why_not=notice("rerank_unreadable", count=pace.done), telling=True)
    judged.sort(key=_fused, reverse=True)  # stable: equals stay as they were found
    name, order = source.reranker.info.name, [*judged, *missed, *found[pace.done :]]
    return Looked(order, name, len(judged), missed=len(missed))


def _judge(found: Sequence[Found], request: SearchRequest, source: FeatureSource) -> list[Found | None]:
    """Each with what the reranker makes of it; None where its file cannot be read."""
    seen = source.see([ToSee(one.picture.path, one.picture.content_hash) for one in found])
    readable = [i for i, features in enumerate(seen) if not isinstance(features, PictureProblem)]
    judged: list[Found | None] = [None] * len(found)
    if not readable:
        return judged
    features = np.stack([one for one in seen if not isinstance(one, PictureProblem)])
    scores = source.reranker.match([request.words], features)
    cosines = np.array([found[i].score for i in readable], np.float32)
    fused, probability = FUSIONS[request.rerank.fusion](scores, cosines), scores.probability
    for j, i in enumerate(readable):
        made = Reranked(float(scores.itm[j, 1]), float(scores.itc[j]), round(float(fused[j]), DECIMALS))
        judged[i] = replace(found[i], match=float(probability[j]), reranked=made)
    return judged


def _fused(one: Found) -> float:
    return one.reranked.fused if one.reranked else -np.inf


def _key(request: SearchRequest, source: FeatureSource) -> str:
    """The same for every page of one query."""
    page = replace(request.page, k=1, offset=0, seen=frozenset())
    parts = (request.words, request.not_texts, request.not_weight, page, source.reranker.info.identity)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
