"""What every kind of question has in common: the right model, enough candidates, a page of hits, the result."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Vectors
from core.errors import UsageError, WrongModel
from core.notices import notice
from core.paths import display
from core.protocols import Encoder
from core.queries import Hit, Page, SearchResult, Sort, Took
from searcher.grouping import Found, in_order, prefer_folders
from searcher.hybrid import Drawn, Source

if TYPE_CHECKING:  # `db` imports SQLAlchemy and faiss; whoever hands a reader in has paid for that
    from db import LibraryReader
    from db.records import SpaceInfo

FIRST_FETCH = 64
"""Candidates at least: the copies and bursts behind the first ten hits are nearly always among them."""

MOST_CANDIDATES = 40_000
"""Never group more (20,000 different ones take 0.9 s): only a library of mostly copies gets here, its page is short."""

MakeEncoder = Callable[[], Encoder]
Arrange = Callable[[Sequence[Found], Vectors], list[Found]]
"""Candidates (best first) and their vectors, float32 (n, dim), to what is shown, in the order shown."""


@dataclass(slots=True)
class Stopwatch:
    """Where the time of one query goes; milliseconds."""

    started: float
    encode: float = 0.0
    rerank: float = 0.0

    @classmethod
    def start(cls) -> "Stopwatch":
        """Running from now."""
        return cls(perf_counter())

    def encoded(self) -> None:
        """The query is a vector now."""
        self.encode = self._elapsed()

    @contextmanager
    def reranking(self) -> Iterator[None]:
        """The second look is taken inside."""
        before = self._elapsed()
        yield
        self.rerank = self._elapsed() - before

    def took(self) -> Took:
        """All of it; what is neither encoding nor reranking is retrieval."""
        total = self._elapsed()
        return Took(encode=self.encode, retrieve=total - self.encode - self.rerank, rerank=self.rerank, total=total)

    def _elapsed(self) -> float:
        return 1000.0 * (perf_counter() - self.started)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What was found, and where it was looked for."""

    space: "SpaceInfo"
    searched: int  # rows that could have been found
    shown: Sequence[Found]  # as `arrange` left them; as many as were wanted, or all there are


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown of it."""

    hits: tuple[Hit, ...]
    nearest: tuple[Hit, ...] = ()  # where nothing matches
    reranker: str | None = None
    reranked: int = 0
    not_reranked: str = ""


def encoder_for(space: "SpaceInfo", make: MakeEncoder | None) -> Encoder:
    """The encoder handed in, made and checked to be the one this space was filled with.

    Raises:
        UsageError: none was handed in.
        WrongModel: its vectors live in another space.
    """
    if make is None:
        raise UsageError("no model is at hand to read words or pictures: search with a vector")
    encoder = make()
    info = encoder.info
    if space.encoder is None:  # imported: no weights were hashed, only the model's name is known
        same = (info.name, info.dim) == (space.name, space.dim)
    else:
        same = info.identity == space.identity
    if not same:
        other = f"another {space.name} (weights or preprocessing differ)" if info.name == space.name else space.name
        raise WrongModel(
            f"the library was indexed with {other}, and the query came with {info.name} (dim {info.dim}): "
            f"leave the model out, or run `search models use {info.name}` and index again"
        )
    return encoder


def retrieve(
    reader: "LibraryReader", space: "SpaceInfo", source: Source, page: Page, arrange: Arrange, *, further: int = 0
) -> Retrieved:
    """The best that a source has: those of the page, those before it, and `further` ones.

    Fetches more candidates than hits, and twice as many again while arranging them leaves too few. The hits have to be
    the best; what hides behind them comes along, unless it turns out to be most of what there is.
    """
    mask, searched = reader.allowed_rows(space, page.filters)
    wanted = page.offset + page.k + further + len(page.without)
    fetch, sure = max(FIRST_FETCH, 2 * wanted), wanted
    draw = source(mask)
    while True:
        candidates = draw(fetch, sure)
        shown = arrange(*_with_vectors(reader, space, candidates, page.filters.folders))
        if len(shown) >= wanted or len(candidates) < fetch or fetch >= MOST_CANDIDATES:
            return Retrieved(space, searched, shown)
        fetch = sure = min(2 * fetch, MOST_CANDIDATES)


def hits_of(shown: Sequence[Found], page: Page) -> tuple[Hit, ...]:
    """The page of what is shown, ranks counted from the first of all hits.

    `Sort.DATE` orders the pictures of the page by wall clock, newest first (equal times by path): which pictures are
    on a page is always the score's decision, so that no page holds what was asked for least.
    """
    chosen = on_page(shown, page)
    return ranked(newest_first(chosen) if page.sort is Sort.DATE else chosen, after=page.offset)


def on_page(order: Sequence[Found], page: Page) -> Sequence[Found]:
    """Those of the page. A picture whose file was on a page before is passed over, wherever it stands by now."""
    left, over = order, page.seen | page.without
    if over:
        left = [one for one in order if over.isdisjoint([one.picture.path, *(other.path for other in one.alike)])]
    first = max(0, page.offset - len(page.seen))
    return left[first : first + page.k]


def newest_first(found: Sequence[Found]) -> list[Found]:
    """By wall clock; equal times by path."""
    by_path = sorted(found, key=lambda one: one.picture.path)
    return sorted(by_path, key=lambda one: one.picture.facts.taken.local, reverse=True)


def ranked(found: Sequence[Found], *, after: int = 0) -> tuple[Hit, ...]:
    """These as hits, counted on from `after`."""
    return tuple(
        Hit(after + i, one.score, one.picture, one.alike, one.copy, one.match, one.reranked, one.words, one.named)
        for i, one in enumerate(found, start=1)
    )


def result_of(
    reader: "LibraryReader",
    found: Retrieved,
    answer: Answer,
    *,
    query: str,
    watch: Stopwatch,
    notices: Sequence[str] = (),
) -> SearchResult:
    """The answer, with what was searched and what a person should know about it."""
    counts = reader.counts(found.space)
    told = [*notices, *reader.notices()]
    if found.searched == 0 and counts.indexed:
        told.append(notice("nothing_passes"))
    return SearchResult(
        query=query,
        space=found.space.slug,
        model=found.space.name,
        library=display(os.fsencode(reader.path)),
        searched=found.searched,
        indexed=counts.indexed,
        known=counts.known,
        took_ms=watch.took(),
        hits=answer.hits,
        nearest=answer.nearest,
        reranker=answer.reranker,
        reranked=answer.reranked,
        notices=tuple(dict.fromkeys(told)),
        not_reranked=answer.not_reranked,
    )


def _with_vectors(
    reader: "LibraryReader", space: "SpaceInfo", drawn: Drawn, folders: tuple[bytes, ...]
) -> tuple[list[Found], Vectors]:
    """Candidates as pictures, best first, equal scores by path; row i of the vectors belongs to picture i."""
    rows = drawn.rows.tolist()
    scores = dict(zip(rows, drawn.scores.tolist(), strict=True))
    places = {row: place for place, row in enumerate(rows)} if drawn.placed else {}
    found = in_order(
        [
            Found(
                prefer_folders(picture, folders),
                scores[picture.row],
                place=places.get(picture.row, 0),
                words=(words := drawn.words.get(picture.row, ())),
                named=0 < drawn.asked == len(words),
            )
            for picture in reader.pictures(space, drawn.rows)
        ]
    )
    return found, reader.vectors(space, np.array([one.picture.row for one in found], np.int64))
