"""Where candidates come from: a query's vector, the words of captions, tags and names, or both fused.

Fused by reciprocal ranks (Cormack, Clarke and Büttcher 2009, k = 60): ranks can be added where cosines and keyword
scores cannot. Two things keep words from spoiling an answer (docs/keywords.md has the figures). Some of the words count
little: "a dog on the beach" finds dog.jpg among the dogs, and does not carry it past them. And ranks are added only for
the twentieth of the pictures that looks most like what was asked; for others (dog.jpg shows a cat; what Anna looks
like, no model knows) the better of the two ranks counts, and that of words a little less. Words are believed where
nothing looks like a match, and where they are codes (with digits).

Ranks count down to a fixed depth, whatever page is asked for, so that pages fit together. What ranks by look are made
of is told in `looks`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from core.queries import LIKELY_MATCH
from searcher.keywords import Keywords, Worded, look_up
from searcher.looks import SURE, Look, Seen
from searcher.match import match_probabilities

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo

RANK_CONSTANT = 60
"""Cormack et al.'s k: how little the very first ranks stand out."""

WORD_DEPTH = 1_000
"""Ranks by words that count: one page after another, what is called Anna comes before what only looks a little so."""

LOOKED_AT = 10
"""Of the best by look: if none of them matches, nothing does."""

DOUBTED = 0.95
"""What words count where a picture does not look like them: the first such caption comes fifth, the first name
eighth."""

LIKELY_SHARE = 0.05
SAMPLE = 1_000
"""Pictures of the library by which it is told what looks likely."""

TOO_COMMON = 50_000
"""Texts or rows with a word, from which on looking them up takes more than an eighth of a second, and tells little."""

MOST_ALIKE = 5_000
"""Rows whose words fit equally well (a folder's name) and whose cosines are computed one by one; of more, the search
over vectors finds the nearest."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Candidates, best first.

    Attributes:
        rows: int64 (n,).
        scores: float32 (n,), true cosines; for words alone how well they fit, 0 to 1.
        placed: their order is more than that of their scores.
        words: for a row the words of the query that were found for it, as they were typed.
        asked: how many words there were, those that were too common to be looked up included.
    """

    rows: RowNumbers
    scores: NDArray[np.float32]
    placed: bool = False
    words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    asked: int = 0

    def __len__(self) -> int:
        return len(self.rows)


Draw = Callable[[int, int], Drawn]
"""How many are wanted, to the best of them; fewer where there are no more. And how many of these are surely the best,
as far as an index promises it: those that will be shown."""

Source = Callable[[RowMask | None], Draw]
"""The rows that may be found (None: all that live), to what draws from them."""


def by_vector(reader: "LibraryReader", space: "SpaceInfo", vector: Vectors, mask: RowMask | None) -> Draw:
    """By the cosine with `vector`, float32 (dim,), unit length."""

    def draw(count: int, sure: int) -> Drawn:
        found = reader.search(space, vector, count, mask, sure=sure)
        return Drawn(found.rows, found.scores)

    return draw


def by_look(look: Look, mask: RowMask | None) -> Draw:
    """By look; below LOOK_DEPTH only the cosine decides."""
    if look.texts is None:
        return by_vector(look.reader, look.space, look.vector, mask)
    seen = look.nearest(mask)
    best = seen.best_first()
    return _then_by_cosine(look, mask, Drawn(seen.rows[best], seen.cosines[best], placed=True))


def by_words(reader: "LibraryReader", space: "SpaceInfo", keywords: Keywords, mask: RowMask | None) -> Draw:
    """By the words alone; equal ones by row. What none of the words was found for is no candidate."""
    worded = look_up(reader, space, keywords, mask)
    order = np.lexsort((worded.rows, -worded.scores))

    def draw(count: int, sure: int) -> Drawn:  # noqa: ARG001 - all of them are
        best = order[:count]
        rows, words = worded.rows[best], worded.found(worded.rows[best])
        return Drawn(rows, worded.scores[best], placed=True, words=words, asked=len(keywords.terms))

    return draw


def by_both(look: Look, keywords: Keywords, mask: RowMask | None) -> Draw:
    """By the ranks of both; below LOOK_DEPTH only the cosine decides. Without any word it is the order by look."""
    worded = look_up(look.reader, look.space, keywords, mask, most=TOO_COMMON)
    if not len(worded.rows):
        return by_look(look, mask)
    listed = look.nearest(mask)
    chosen, cosines = _best_worded(look, worded)
    named = look.at(worded.rows[chosen], cosines)
    believed = keywords.coded or _nothing_matches(look, listed.rows[listed.best_first()[:LOOKED_AT]])
    likely = -1.0 if believed else _likely(look, mask, worded.committed)
    head = fuse(listed, named, worded.part(chosen), likely=likely)
    return _then_by_cosine(look, mask, replace(head, asked=len(keywords.terms)), worded)


def fuse(listed: Seen, named: Seen, worded: Worded, *, likely: float) -> Drawn:
    """All of both, by what their ranks are worth; equal ones by cosine, then by row.

    Args:
        listed: the vector's candidates.
        named: the rows with words.
        worded: these rows' words, in the same order.
        likely: from this cosine on the worths of both ranks are added; below, the greater counts.
    """
    union, places = np.unique(np.concatenate([listed.rows, named.rows]), return_inverse=True)
    seen, having = places[: len(listed.rows)], places[len(listed.rows) :]
    looking, by_words, scores = np.zeros(len(union)), np.zeros(len(union)), np.zeros(len(union), np.float32)
    scores[having] = named.cosines
    scores[seen] = listed.cosines
    looking[seen] = 1.0 / (RANK_CONSTANT + _ranks([listed.looks]))
    by_words[having] = worded.worths / (RANK_CONSTANT + _ranks([worded.scores, named.looks]))
    worth = np.where(scores >= likely, looking + by_words, np.maximum(looking, DOUBTED * by_words))
    order = np.lexsort((union, -scores, -worth))
    return Drawn(union[order], scores[order], placed=True)


def _then_by_cosine(look: Look, mask: RowMask | None, head: Drawn, worded: Worded | None = None) -> Draw:
    """First those of the head in their order, with the words that were found for them, then the others."""

    def draw(count: int, sure: int) -> Drawn:
        rows, scores = head.rows[:count], head.scores[:count]
        words = worded.found(rows) if worded is not None else {}
        if count > len(head):
            more = look.reader.search(look.space, look.vector, count, mask, sure=sure)
            below = np.flatnonzero(~np.isin(more.rows, head.rows))[: count - len(head)]
            rows, scores = np.concatenate([rows, more.rows[below]]), np.concatenate([scores, more.scores[below]])
        return replace(head, rows=rows, scores=scores, words=words)

    return draw


def _nothing_matches(look: Look, rows: RowNumbers) -> bool:
    """Do even the best by look probably not match? False where that cannot be told."""
    vectors = look.reader.vectors(look.space, rows)
    matches = match_probabilities(look.reader, look.space, look.vector, vectors, words=True)
    return matches is not None and float(matches.max(initial=0.0)) < LIKELY_MATCH


def _likely(look: Look, mask: RowMask | None, committed: int) -> float:
    """The least cosine of the twentieth of the pictures that looks most like what was asked, told by a sample."""
    rows = None if mask is None else np.flatnonzero(mask)
    count = committed if rows is None else len(rows)
    at = np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64)
    sample = at if rows is None else rows[at]
    return _quantile(look.cosines(sample), 1.0 - LIKELY_SHARE)


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """As np.quantile, which brings numpy.ma along: 10 ms of a first query."""
    at = share * (len(values) - 1)
    below = int(at)
    two = np.partition(values, (below, min(below + 1, len(values) - 1)))[below : below + 2].astype(np.float64)
    return float(two[0] + (two[-1] - two[0]) * (at - below))


def _ranks(keys: list[NDArray[np.float32]]) -> NDArray[np.int64]:
    """From 1, by the first key, then by the next, highest first; equal ones have the same rank."""
    order = np.lexsort([-key for key in reversed(keys)])
    changes = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
    first = np.flatnonzero(np.concatenate([[True], changes])) if len(order) else order
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.repeat(first + 1, np.diff(np.append(first, len(order))))
    return ranks


def _best_worded(look: Look, worded: Worded) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which WORD_DEPTH of them are best, by how well their words fit and then by cosine; and their cosines."""
    least = np.sort(worded.scores)[-min(WORD_DEPTH, len(worded.rows))]
    better, last = np.flatnonzero(worded.scores > least), np.flatnonzero(worded.scores == least)
    if len(last) > MOST_ALIKE:
        mask = np.zeros(worded.committed, np.bool_)
        mask[worded.rows[last]] = True
        nearest = look.reader.search(look.space, look.vector, WORD_DEPTH - len(better), mask, sure=SURE)
        last = np.searchsorted(worded.rows, nearest.rows)
    chosen = np.concatenate([better, last])
    cosines = look.cosines(worded.rows[chosen])
    best = np.lexsort((-cosines, -worded.scores[chosen]))[:WORD_DEPTH]
    return chosen[best], cosines[best]
