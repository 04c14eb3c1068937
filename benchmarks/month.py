"""A library that lives: pictures of more and more concepts come, others go, and its index is looked after."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.clip_like import World
from core.arrays import HalfRows
from db import LibraryWriter
from db.index_state import index_decision
from db.records import GenerationInfo, ImportedRow, SpaceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = 50  # pictures in one, which come and go together


@dataclass(frozen=True)
class Month:
    """What happens."""

    start: int = 100_000  # pictures
    daily: int = 1_000  # that come
    removed: int = 1_000  # that go, a day
    days: int = 30
    dim: int = 512
    queries: int = 100  # of each of the four kinds, a day
    exact_below: int = 50_000
    first_branches: int = 3  # of the world's ten

    def branches(self, day: int) -> int:
        """How many of the world's concepts the pictures of a day (1, 2, …) are of; all ten at the end."""
        return min(10, self.first_branches + 1 + (day - 1) * (10 - self.first_branches) // self.days)


class Pictures:
    """The made world's pictures: each asked for once."""

    def __init__(self, dim: int) -> None:
        self._world = World(dim=dim)
        self._streams: dict[int, Iterator[HalfRows]] = {}

    def take(self, count: int, branches: int) -> HalfRows:
        """float16 (count, dim): new ones, of so many concepts."""
        if branches not in self._streams:
            least = min([branches, *self._streams])  # each holds the whole world; of the others none is asked again
            self._streams = {kept: stream for kept, stream in self._streams.items() if kept == least}
            self._streams[branches] = self._world.blocks(1 << 40, block=100, branches=branches)
        stream = self._streams[branches]
        return np.concatenate([next(stream) for _ in range(-(-count // 100))])[:count]


@dataclass(frozen=True)
class Upkeep:
    """What the end of a run did about the index."""

    done: str  # "nothing", "extend", "rebuild", "compact"
    reason: str
    cpu_s: float


@dataclass
class Shelf:
    """The library, and which of its folders are still there."""

    writer: LibraryWriter
    space: SpaceInfo
    folders: list[bytes] = field(default_factory=list)  # oldest first
    made: int = 0  # folders, ever

    def put(self, rows: HalfRows) -> None:
        """Pictures that come, in folders of their own."""
        for start in range(0, len(rows), FOLDER):
            self.made += 1
            folder = b"/made/%08d" % self.made
            some = rows[start : start + FOLDER].astype(np.float32)
            self.writer.import_rows(
                self.space, [ImportedRow(folder + b"/%02d" % number, row) for number, row in enumerate(some)]
            )
            self.folders.append(folder)

    def take_away(self, count: int, recent: int, rng: np.random.Generator) -> None:
        """Pictures that go: a third of them from the `recent` last ones."""
        for number in range(count // FOLDER):
            few = min(len(self.folders), recent // FOLDER) if number % 3 == 0 else len(self.folders)
            self.writer.forget(self.folders.pop(len(self.folders) - 1 - int(rng.integers(few))))

    def refresh(self, exact_below: int) -> Upkeep:
        """As a run ends."""
        before = self.rows
        due = index_decision(self.writer.store, before, exact_below=exact_below, recall=None)
        started = time.process_time()
        self.writer.refresh_derived(self.space, exact_below=exact_below)
        seconds = time.process_time() - started
        after = self.rows
        if after.number != before.number:
            gone = before.committed_rows - after.committed_rows
            return Upkeep("compact", f"{gone:,} rows stood for nothing", seconds)
        if after.index == before.index or after.index is None:
            return Upkeep("nothing", "", seconds)
        new_lists = after.index.trained_rows == after.index.built_rows
        return Upkeep("rebuild" if new_lists else "extend", due.reason, seconds)

    @property
    def rows(self) -> GenerationInfo:
        """The rows of now."""
        return self.writer.generation(self.space)
