"""How an index is searched: how many lists, in what order, and how many candidates, measured on the library's own rows.

Two kinds of query are told apart by their best cosine with a centroid: pictures lie among the pictures, texts away from
all of them (CLIP's modality gap). Each kind gets the cheapest search that reaches the recall asked for, and what that
search finds as it is carried out for users is what the index's record says. Leaves to others: building and keeping it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.arrays import HalfRows, RowMask, RowNumbers, Vectors
from db.vectors.exact import nearest_of
from db.vectors.ivfpq import IvfPq
from db.vectors.records import Approach, Probing
from db.vectors.sampling import gap_of, made_gap, sample_rows, text_like
from db.vectors.truth import TIE, Truth, find_truth

PICTURES = 800  # a few of them miss much, so a recall of 0.99 is known to 0.003
TEXTS = 400  # each misses a little: 0.0016
_FEW = 200  # texts, to choose an order of lists and candidates by
_REACHES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
_SAFE_REACHES = (0.0, 0.05, 0.1)  # where it is not known how texts lie: more would lose recorded nouns
_SAFE_DOUBTS = (0.0,)
_DOUBTS = (0.0, 0.015, 0.03, 0.06, 0.09)
_LEAST_PROBES = 4
_LEAST_CANDIDATES = 64
_MOST_CANDIDATES = 4096  # 2 ms of gathering and scoring
_STEP = 1.25  # between the numbers of lists that are tried
_SPARE = 0.25  # of what the target leaves to be missed may be missed for want of lists, at first
# Measured at 512 numbers with cold processor caches, as between the queries of one person; warm ones halve them.
_SECONDS_PER_ROW = 5.3e-9  # to look at its code
_SECONDS_PER_CANDIDATE = 430e-9  # to carry it along, gather its row and score it
_RETRIES = 8
# Of what the target leaves to be missed: chosen for the queries measured, a search does worse with others; and pictures
# of the library find themselves, which new ones do not.
_LUCK_TEXT, _LUCK_PICTURE = 0.2, 0.5
# Pictures of a new kind lie far from the middle of every list. Of 1,000 among 50,000, a seventh of a kind that was not
# there before, 0.975 was found, and 0.990 where the most unusual were looked for as deep as texts; see Approach.
_UNUSUAL = 0.03  # of the library's pictures


@dataclass(frozen=True, slots=True)
class Tuning:
    """A way to search an index, and what it was measured to find."""

    approach: Approach
    recall_image: float
    recall_text: float


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """One kind of query: rotated, with what is true of them."""

    turned: Vectors
    truth: Truth
    cosines: Vectors  # (m, lists), with the centroids
    near_lists: Sequence[RowNumbers]  # per query, the lists of its nearest rows

    def first(self, count: int) -> "_Kind":
        """The first few."""
        return _Kind(self.turned[:count], self.truth.part(slice(count)), self.cosines[:count], self.near_lists[:count])


def tune(  # noqa: PLR0913 - options by keyword
    index: IvfPq,
    rows: HalfRows,
    live: RowMask | None,
    *,
    target: float,
    texts: Vectors | None,
    rng: np.random.Generator,
    on_step: Callable[[str], None],
) -> Tuning:
    """The cheapest search whose recall@10 reaches `target` for both kinds of query, or the best there is.

    Args:
        index: over all of `rows`.
        rows: float16 (n, dim).
        live: the rows that may be found, bool (n,); None is all.
        target: recall@10, 0 to 1.
        texts: float32 (n, dim), unit text vectors of the library's model; None where none are known.
        rng: chooses the queries.
        on_step: told what is being measured.
    """
    on_step("comparing with exact search")
    pictures, words = _kinds(index, live, _questions(rows, live, texts, rng), rows)
    on_step("choosing how many lists to probe")
    known = gap_of(texts) is not None
    reach = min(_REACHES if known else _SAFE_REACHES, key=lambda reach: _lists_needed(index, words, reach, target))
    chooser = _Chooser(index, rows, live, target, reach, 0.0)
    chooser = replace(chooser, doubt=chooser.best_doubt(words.first(_FEW), _DOUBTS if known else _SAFE_DOUBTS))
    picture, recall_image = replace(chooser, luck=_LUCK_PICTURE).choose(pictures)
    text, recall_text = chooser.choose(words)
    border = (float(np.median(pictures.cosines.max(axis=1))) + float(np.median(words.cosines.max(axis=1)))) / 2
    usual = float(np.quantile(pictures.cosines.max(axis=1), _UNUSUAL))
    return Tuning(Approach(picture, text, border, reach, chooser.doubt, usual), recall_image, recall_text)


def _questions(
    rows: HalfRows, live: RowMask | None, texts: Vectors | None, rng: np.random.Generator
) -> tuple[Vectors, Vectors]:
    """Pictures of the library, and texts: the given ones where they suffice, else some that lie as they do."""
    images = sample_rows(rows, live, PICTURES, rng)
    if texts is not None and len(texts) >= TEXTS:
        return images, texts[rng.permutation(len(texts))[:TEXTS]]
    some = sample_rows(rows, live, 25 * TEXTS, rng)
    gap = gap_of(texts)
    about = images[rng.permutation(len(images))[:TEXTS]]
    return images, text_like(about, some.mean(axis=0), rng, made_gap(some, rng) if gap is None else gap)


def _kinds(
    index: IvfPq, live: RowMask | None, questions: tuple[Vectors, Vectors], rows: HalfRows
) -> tuple[_Kind, _Kind]:
    queries = np.concatenate(questions)
    truth = find_truth(rows, live, queries)
    turned = index.rotated(queries)
    cosines = turned @ index.known.centroids.T
    nearest = [near[near >= 0][: truth.hits] for near in truth.near]
    of_row = dict(_lists_of(index, rows, np.unique(np.concatenate(nearest))))
    near_lists = [np.array([of_row[int(row)] for row in near], np.int64) for near in nearest]
    count = len(questions[0])
    both = (slice(0, count), slice(count, len(queries)))
    pictures, words = (_Kind(turned[of], truth.part(of), cosines[of], near_lists[of]) for of in both)
    return pictures, words


def _lists_of(index: IvfPq, rows: HalfRows, numbers: RowNumbers) -> Iterator[tuple[int, int]]:
    lists, _ = index.assign(rows[numbers].astype(np.float32))
    return zip(numbers.tolist(), lists.tolist(), strict=True)


def _lists_needed(index: IvfPq, kind: _Kind, reach: float, target: float) -> int:
    """How many lists must be probed for the nearest rows to be in them, but for a share of what may be missed."""
    places = []
    for cosines, lists in zip(kind.cosines, kind.near_lists, strict=True):
        promise = index.known.promise(cosines, reach)
        places.append(np.count_nonzero(promise[np.newaxis] > promise[lists][:, np.newaxis], axis=1))
    quantile = min(1.0, 1 - (1 - target) * (1 - _SPARE))
    return int(np.quantile(np.concatenate(places), quantile, method="higher")) + 1


@dataclass(frozen=True, slots=True, eq=False)
class _Chooser:
    """Tries ways to search, for one kind of query at a time."""

    index: IvfPq
    rows: HalfRows
    live: RowMask | None
    target: float
    reach: float
    doubt: float
    luck: float = _LUCK_TEXT

    @property
    def aim(self) -> float:
        """The recall that a way to search has to reach to be chosen."""
        return self.target + self.luck * max(0.0, 1 - self.target)

    def best_doubt(self, kind: _Kind, doubts: Sequence[float]) -> float:
        """With which the fewest candidates have to be re-scored to lose as little as the target allows."""
        nprobe = self._fitting(_lists_needed(self.index, kind, self.reach, self.target))
        curves = {doubt: replace(self, doubt=doubt).curve(kind, nprobe) for doubt in doubts}
        reachable = min(curve[-1] for curve in curves.values()) * self.target
        return min(doubts, key=lambda doubt: int(np.searchsorted(curves[doubt], reachable)))

    def choose(self, kind: _Kind) -> tuple[Probing, float]:
        """The cheapest search that reaches the target, and the recall of it as it is carried out."""
        found = best = self._cheapest(kind)
        recall = highest = self.measure(kind, found)
        for _ in range(_RETRIES):
            if recall >= self.aim:
                return found, recall
            found = self._more(found)
            recall = self.measure(kind, found)
            if recall > highest:
                best, highest = found, recall
        return best, highest

    def curve(self, kind: _Kind, nprobe: int) -> NDArray[np.float64]:
        """The recall with 1, 2, … re-scored candidates, float64 (≤ _MOST_CANDIDATES,)."""
        count = min(_MOST_CANDIDATES, self.index.rows)
        total = np.zeros(count)
        for query in range(len(kind.turned)):
            reached = kind.truth.reached(query, self._found(kind, query, Probing(nprobe, count)))
            total[: len(reached)] += reached
            total[len(reached) :] += reached[-1] if len(reached) else 0.0
        return total / max(1, len(kind.turned))

    def measure(self, kind: _Kind, probing: Probing) -> float:
        """The recall of the search as it is carried out for users: candidates, gathered and scored exactly."""
        reached, truth = [], kind.truth
        for query in range(len(kind.turned)):
            found = np.sort(self._found(kind, query, probing))
            scores, _ = nearest_of(self.rows, truth.queries[query], truth.hits, found)
            reached.append(np.count_nonzero(scores >= truth.tenth[query] - TIE) / truth.hits)
        return float(np.mean(reached)) if reached else 1.0

    def _found(self, kind: _Kind, query: int, probing: Probing) -> RowNumbers:
        return self.index.probe(
            kind.turned[query], kind.cosines[query], probing, reach=self.reach, doubt=self.doubt, mask=self.live
        )

    def _cheapest(self, kind: _Kind) -> Probing:
        """Of all pairs of lists and candidates; more lists are tried while they alone cost less than what was found."""
        nprobe = self._fitting(_lists_needed(self.index, kind, self.reach, self.target) / _STEP)
        best, best_recall, cost = Probing(nprobe, _LEAST_CANDIDATES), 0.0, np.inf
        while True:
            curve = self.curve(kind, nprobe)
            enough = int(np.searchsorted(curve, self.aim)) + 1
            if enough <= len(curve):
                found = Probing(nprobe, self._candidates(enough))
                if self._seconds(found) < cost:
                    best, cost = found, self._seconds(found)
            elif cost == np.inf and curve[-1] > best_recall:
                best, best_recall = Probing(nprobe, len(curve)), float(curve[-1])
            if nprobe == self.index.lists:
                return best
            nprobe = self._fitting(max(nprobe * _STEP, nprobe + 1))
            if self._seconds(Probing(nprobe, _LEAST_CANDIDATES)) > cost:
                return best

    def _more(self, probing: Probing) -> Probing:
        return Probing(self._fitting(probing.nprobe * 1.05), self._candidates(probing.candidates * 1.05))

    def _fitting(self, nprobe: float) -> int:
        return min(self.index.lists, max(_LEAST_PROBES, round(nprobe)))

    def _candidates(self, count: float) -> int:
        return min(_MOST_CANDIDATES, self.index.rows, max(_LEAST_CANDIDATES, round(count)))

    def _seconds(self, probing: Probing) -> float:
        """About what one query costs: only good to put pairs of lists and candidates in order."""
        scanned = self.index.rows * probing.nprobe / self.index.lists
        return scanned * _SECONDS_PER_ROW + probing.candidates * _SECONDS_PER_CANDIDATE
