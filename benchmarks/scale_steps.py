"""The steps of benchmarks.scale; each is run in a process of its own, so that its memory is its own."""

import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clip_like import Texts, World
from benchmarks.questions import HITS, NEW, OWN, TEXT, Questions, make_questions
from benchmarks.rivals.ours import build, header, open_searcher, vector_file
from core.arrays import HalfRows, RowNumbers, Vectors
from db.vectors import RowSearcher, RowsFile

KINDS = (NEW, OWN, TEXT)
_WORLD = "world.json"


@dataclass(frozen=True)
class Library:
    """A folder with one vector file of made rows, and the indexes over it."""

    folder: Path
    rows: int
    dim: int
    says: Texts = Texts.NOUNS

    @property
    def world(self) -> World:
        """What the rows are a sample of."""
        return World(self.dim, says=self.says)

    def said(self) -> str:
        """What tells this library from one of another size or another generator."""
        first = next(self.world.blocks(64))
        return json.dumps({"rows": self.rows, "dim": self.dim, "first": zlib.crc32(np.ascontiguousarray(first).data)})

    def is_made(self) -> bool:
        """Whether the rows are there."""
        path = self.folder / _WORLD
        return path.exists() and path.read_text() == self.said()

    def view(self) -> HalfRows:
        """All rows, memory-mapped."""
        return RowsFile.open(vector_file(self.folder), header(self.dim)).view(self.rows)

    def open(self, recall: float) -> RowSearcher:
        """The searcher with the index built for this recall."""
        return open_searcher(self.folder, self.dim, recall)


def make_rows(library: Library) -> None:
    """Generates the rows into the file, a block at a time."""
    file = RowsFile.create(vector_file(library.folder), header(library.dim))
    for block in library.world.blocks(library.rows):
        file.append(block)
    (library.folder / _WORLD).write_text(library.said())


def build_one(library: Library, recall: float) -> dict[str, object] | None:
    """The record of the index that was built; None where a library of this size has none."""
    record = build(library.folder, library.world, recall)
    return None if record is None else json.loads(record.to_json())


def ask_questions(library: Library, count: int) -> Questions:
    """Queries with their exact answers, kept in the folder; reads every row once."""
    path = library.folder / f"questions.{count}.npz"
    if path.exists():
        kept = np.load(path)
        return Questions(kept["vectors"], kept["tenth"], KINDS)
    questions = make_questions(library.world, library.view(), count, KINDS)
    np.savez(path, vectors=questions.vectors, tenth=questions.tenth)
    return questions


@dataclass(frozen=True)
class Searching:
    """Opens the library and answers through the index of `recall`; None is the exact scan."""

    library: Library
    recall: float | None

    def __call__(self) -> Callable[[Vectors, int, int], RowNumbers]:
        """What a rival's `open` returns the `search` of."""
        searcher = self.library.open(self.recall or _any_recall(self.library))
        if self.recall and (notice := searcher.notice):  # reads the index, which the exact scan does without
            raise ValueError(notice)
        search = searcher.search if self.recall else searcher.search_exactly

        def answer(query: Vectors, k: int, effort: int) -> RowNumbers:  # noqa: ARG001 - a rival's
            return search(query, k).rows

        return answer


def back_to_back(library: Library, recall: float, questions: Questions, repeats: int) -> dict[str, tuple[float, float]]:
    """p50 and p99 in ms by kind of query, with nothing between one query and the next: warm caches."""
    searcher = library.open(recall)
    seconds = np.zeros((repeats + 1, len(questions)))
    for turn in range(repeats + 1):
        for at, query in enumerate(questions.vectors):
            started = time.thread_time()
            searcher.search(query, HITS)
            seconds[turn, at] = time.thread_time() - started
    ms = np.median(seconds[1:], axis=0) * 1e3  # the first turn reads the index and the rows
    of = dict(zip(questions.kinds, ms.reshape(len(questions.kinds), questions.each), strict=True))
    return {kind: (float(np.median(some)), float(np.percentile(some, 99))) for kind, some in of.items()}


def _any_recall(library: Library) -> float:
    """Of an index that is there: the exact scan does not look at it."""
    return float(min(path.name[len("record.") : -len(".json")] for path in library.folder.glob("record.*.json")))
