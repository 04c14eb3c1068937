"""A library measured against itself: how much of an exact search its index finds, and how much faster it is.

Queries are the library's own pictures (each looks for the others), and texts: captions of the library, else a built-in
list, through the model's text tower; without the model, vectors as far from the pictures as texts are.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.errors import ModelError
from core.indexing import Progress, silent
from db import open_reader
from db.vectors.sampling import text_like
from searcher.evaluation import recall_of
from searcher.everyday_queries import EVERYDAY_QUERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import RowNumbers, Vectors
    from core.indexing import ProgressListener
    from db import LibraryReader
    from db.records import SpaceInfo
    from db.vectors import Candidates, IndexRecord
    from semantic_image_search.library import Library

QUERIES = 200  # of each kind: 2,000 hits, so a recall of 0.99 is known to 0.002
HITS = 10
LEAST_CAPTIONS = 20  # fewer say little; then the built-in texts are asked
_CAPTION_ROWS = 20_000  # rows looked at for captions
_CENTRE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of one query, on one thread: half take less than the first, 95 of a hundred less than the second."""

    median_ms: float
    most_ms: float


@dataclass(frozen=True, slots=True)
class KindReport:
    """One kind of query.

    Attributes:
        kind: image or text.
        source: where the queries come from, in words.
        queries: how many.
        recall: recall@k of the library's search against exact search, 0 to 1, by score.
        worst: of a single query.
        search: what the library's search costs.
        exact: what exact search costs.
    """

    kind: str
    source: str
    queries: int
    recall: float
    worst: float
    search: Cost
    exact: Cost


@dataclass(frozen=True, slots=True)
class SelfReport:
    """The library's search, measured.

    Attributes:
        library: its folder, as text.
        model: of the space that answers.
        pictures: that can be found.
        newer: rows that came after the index was built; searched exactly.
        k: hits compared.
        index: as it was tuned; None: everything is searched exactly, and recall is 1 by construction.
        kinds: by kind of query.
        notices: an index that was bypassed, texts that could not be had.
    """

    library: str
    model: str
    pictures: int
    newer: int
    k: int
    index: IndexRecord | None
    kinds: tuple[KindReport, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Queries:
    """Vectors to search with; those that are rows of the library do not find themselves."""

    kind: str
    source: str
    vectors: Vectors
    rows: RowNumbers | None = None


def evaluate_index(
    library: Library, *, queries: int = QUERIES, k: int = HITS, listener: ProgressListener | None = None
) -> SelfReport:
    """Measure the library's own search.

    Args:
        library: with pictures in it.
        queries: of each kind, at most.
        k: hits compared.
        listener: called with `Progress`, often.

    Raises:
        LibraryNotFound: nothing has been indexed yet.
        WrongModel, DeviceError: the library's model cannot be used.
    """
    with open_reader(library.path) as reader:
        space = reader.active_space()
        generation = reader.generation(space)
        rows = _sample(reader, space, queries)
        asked = [_Queries("image", "pictures of the library, themselves left out", reader.vectors(space, rows), rows)]
        notices: list[str] = []
        if len(rows):
            asked.append(_texts(library, reader, space, queries, notices))
        kinds = [_measure(reader, space, one, k, listener or silent) for one in asked if len(one.vectors)]
        return SelfReport(
            library=str(library.path),
            model=space.name,
            pictures=generation.live_rows,
            newer=0 if generation.index is None else generation.committed_rows - generation.index.built_rows,
            k=k,
            index=generation.index,
            kinds=tuple(kinds),
            notices=(*notices, *reader.notices()),
        )


def _sample(reader: LibraryReader, space: SpaceInfo, most: int) -> RowNumbers:
    """Rows that can be found, ascending, always the same ones: int64 (≤ most,)."""
    mask, _ = reader.allowed_rows(space)
    rows = np.arange(reader.generation(space).committed_rows) if mask is None else np.flatnonzero(mask)
    chosen = np.random.default_rng(len(rows)).choice(rows, min(most, len(rows)), replace=False)
    return np.sort(chosen).astype(np.int64)


def _texts(library: Library, reader: LibraryReader, space: SpaceInfo, most: int, notices: list[str]) -> _Queries:
    captions = _captions(reader, space, most)
    source = f"captions of the library ({len(captions)})"
    if len(captions) < LEAST_CAPTIONS:
        captions = list(EVERYDAY_QUERIES[:most])
        source = f"a built-in list of texts ({len(captions)})"
    try:
        return _Queries("text", source, library.encoders.of(space).encode_texts(captions))
    except ModelError as error:
        notices.append(f"no texts could be asked ({error}): vectors as far from the pictures as texts are stand in")
        pictures = reader.vectors(space, _sample(reader, space, most))
        centre = reader.vectors(space, _sample(reader, space, _CENTRE_ROWS)).mean(axis=0)
        stand_ins = text_like(pictures, centre, np.random.default_rng(len(pictures)))
        return _Queries("text", "made up, as far from the pictures as texts are", stand_ins)


def _captions(reader: LibraryReader, space: SpaceInfo, most: int) -> list[str]:
    """Different captions of the library, at most so many; one a picture."""
    pictures = reader.pictures(space, _sample(reader, space, _CAPTION_ROWS))
    kept = [next((one.text for one in picture.facts.captions if one.kept), "") for picture in pictures]
    return list(dict.fromkeys(text for text in kept if text.strip()))[:most]


def _measure(
    reader: LibraryReader, space: SpaceInfo, asked: _Queries, k: int, listener: ProgressListener
) -> KindReport:
    """Both ways in turn, so that a busy moment of the machine falls on both."""
    for once in (reader.search, reader.search_exactly):
        once(space, asked.vectors[0], k)  # reads the index, and the rows into memory
    recalls, quick, exact = [], [], []
    for number, query in enumerate(asked.vectors):
        own = None if asked.rows is None else int(asked.rows[number])
        wanted = k if own is None else k + 1
        started = perf_counter()
        found = reader.search(space, query, wanted)
        between = perf_counter()
        right = reader.search_exactly(space, query, wanted)
        exact.append(perf_counter() - between)
        quick.append(between - started)
        best = _scores(right, own, k)
        recalls.append(recall_of(_scores(found, own, k), best) if len(best) else 1.0)
        listener(Progress(f"searching both ways with {asked.kind} queries", number + 1, len(asked.vectors)))
    return KindReport(
        kind=asked.kind,
        source=asked.source,
        queries=len(recalls),
        recall=float(np.mean(recalls)),
        worst=min(recalls),
        search=_cost(quick),
        exact=_cost(exact),
    )


def _scores(found: Candidates, own: int | None, k: int) -> Vectors:
    """The scores of the first k, the row itself left out: float32 (≤ k,)."""
    scores = found.scores if own is None else found.scores[found.rows != own]
    return scores[:k]


def _cost(seconds: Sequence[float]) -> Cost:
    median, most = np.percentile(seconds, [50, 95])
    return Cost(1000 * float(median), 1000 * float(most))
