"""Finding what a library holds more than once: groups from what is known of it, a page of them looked at on disk.

What is known (fingerprints, embeddings, recorded files) tells all groups of 100,000 pictures in a second or two; files
are looked at, and pictures opened, only for the groups that are asked for.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from core.duplicates import DuplicateGroup, DuplicateKind, DuplicatesRequest, DuplicatesResult
from core.errors import UsageError
from core.paths import is_at_or_below
from searcher.copies import load_small
from searcher.duplicate_groups import Closed, OnDisk, identical_group, near_group
from searcher.duplicates import near_copies
from searcher.keeping import Keeper
from searcher.near_hashes import HashNeighbours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from core.duplicates import LeftOut, RecordedFile
    from core.queries import CopyKind, Filters
    from db import LibraryReader
    from db.duplicates import Prints

_AT_ONCE = 4  # groups looked at: reading files is mostly waiting, and decoders let others run
_MOST_LOOKED = 1_000  # groups for one page: where nearly all fell away, a page is short
_COMPARISONS_KEPT = 100_000  # 10 MB
_ANSWERS_KEPT = 4  # of one snapshot, for the pages that follow

_CURSOR = re.compile(r"(\d{1,20})-(identical|near_copy)-(\d{1,20})", re.ASCII)
_Files = dict[int, list["RecordedFile"]]


@dataclass(frozen=True, slots=True)
class _Sketch:
    """A group before its files are looked at."""

    kind: DuplicateKind
    images: tuple[int, ...]  # the one to keep first; one alone where its files are identical
    wasted_bytes: int

    @property
    def order(self) -> tuple[int, str, int]:
        """The most wasted first; no two groups have the same."""
        return -self.wasted_bytes, self.kind.value, self.images[0]

    @property
    def cursor(self) -> str:
        """Where the groups behind this one begin, whatever is found or gone by then."""
        return f"{self.wasted_bytes}-{self.kind.value}-{self.images[0]}"


@dataclass(frozen=True, slots=True)
class _Found:
    """All groups of one question, those that waste most first."""

    sketches: tuple[_Sketch, ...]
    searched: int


class DuplicateFinder:
    """Finds the duplicates of one library; remembers what it took to find them while nothing changes."""

    def __init__(self) -> None:
        self._neighbours: tuple[bytes, HashNeighbours] | None = None  # of the hashes with this digest
        self._answers: WeakKeyDictionary[Prints, dict[object, _Found]] = WeakKeyDictionary()
        self._compared: dict[tuple[int, int], CopyKind | None] = {}
        self._lock = Lock()  # over the answers

    def page(self, reader: LibraryReader, request: DuplicatesRequest) -> DuplicatesResult:
        """Some groups; raises UsageError for a cursor that no page gave."""
        found = self._find(reader, request)
        behind = None if request.cursor is None else _place(request.cursor)
        waiting = [one for one in found.sketches if behind is None or one.order > behind]
        groups: list[DuplicateGroup] = []
        left_out: set[LeftOut] = set()
        taken = 0
        while len(groups) < request.k and taken < min(len(waiting), _MOST_LOOKED):
            some = waiting[taken : taken + request.k - len(groups)]
            taken += len(some)
            looked, gone = self._look(reader, request, some)
            groups += looked
            left_out |= gone
        more = taken < len(waiting)
        return DuplicatesResult(
            groups=tuple(groups),
            total_groups=len(found.sketches),
            wasted_bytes=sum(one.wasted_bytes for one in found.sketches),
            searched=found.searched,
            next_cursor=waiting[taken - 1].cursor if more else None,
            left_out=tuple(sorted(left_out, key=lambda one: (one.why, one.path))),
        )

    # -- from what the library knows

    def _find(self, reader: LibraryReader, request: DuplicatesRequest) -> _Found:
        prints = reader.prints(reader.active_space())
        key = request.kinds, request.filters, request.keep_in
        with self._lock:
            answers = self._answers.setdefault(prints, {})
            if key in answers:
                return answers[key]
        found = self._sketch_all(reader, prints, request)
        with self._lock:
            if len(answers) >= _ANSWERS_KEPT:
                answers.clear()
            answers[key] = found
        return found

    def _sketch_all(self, reader: LibraryReader, prints: Prints, request: DuplicatesRequest) -> _Found:
        mask, searched = reader.allowed_rows(reader.active_space(), request.filters)
        sketches: list[_Sketch] = []
        if DuplicateKind.IDENTICAL in request.kinds:
            sketches += _sketch_identical(reader, request)
        if DuplicateKind.NEAR_COPY in request.kinds:
            allowed = np.ones(len(prints), np.bool_) if mask is None else mask[prints.rows]
            sketches += self._sketch_near(reader, prints, allowed, request)
        return _Found(tuple(sorted(sketches, key=lambda one: one.order)), searched)

    def _sketch_near(
        self, reader: LibraryReader, prints: Prints, allowed: np.typing.NDArray[np.bool_], request: DuplicatesRequest
    ) -> Iterator[_Sketch]:
        keeper, neighbours, space = Keeper(request.keep_in), self._neighbours_of(prints), reader.active_space()
        numbers = neighbours.with_company(allowed)
        images = prints.images[numbers].tolist()
        files = _files_of(reader, images, request.filters)
        best = {image: min(some, key=keeper.order) for image, some in files.items()}
        listed = [one for one in zip(images, numbers.tolist(), strict=True) if one[0] in best]
        order = [number for _, number in sorted(listed, key=lambda one: keeper.order(best[one[0]]))]
        for group in near_copies(prints, neighbours, order, lambda rows: reader.vectors(space, rows)):
            members = tuple(int(prints.images[number]) for number in (group.kept, *group.copies))
            wasted = sum(best[image].size_bytes or 0 for image in members[1:])
            yield _Sketch(DuplicateKind.NEAR_COPY, members, wasted)

    def _neighbours_of(self, prints: Prints) -> HashNeighbours:
        """Most of the work, and most commits change no hash: a tag, a caption."""
        digest = hashlib.blake2b(prints.hashes.data, digest_size=16).digest()
        known = self._neighbours
        if known is None or known[0] != digest:
            known = self._neighbours = digest, HashNeighbours(prints.hashes)
        return known[1]

    # -- on disk

    def _look(
        self, reader: LibraryReader, request: DuplicatesRequest, sketches: Sequence[_Sketch]
    ) -> tuple[list[DuplicateGroup], set[LeftOut]]:
        """The groups that are left of these, and what was left out of them."""
        images = [image for sketch in sketches for image in sketch.images]
        files = _files_of(reader, images, request.filters)
        if len(self._compared) > _COMPARISONS_KEPT:
            self._compared.clear()
        eyes = [OnDisk(load_small, self._compared) if request.look else Closed() for _ in sketches]
        keeper = Keeper(request.keep_in)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            looked = list(pool.map(lambda sketch, own: _look_at(sketch, files, keeper, own), sketches, eyes))
        left_out = (own.left_out for own in eyes if isinstance(own, OnDisk))
        return [group for group in looked if group is not None], set().union(*left_out)


def _sketch_identical(reader: LibraryReader, request: DuplicatesRequest) -> Iterator[_Sketch]:
    keeper = Keeper(request.keep_in)
    several = reader.images_with_several_files()
    if request.filters:
        space = reader.active_space()
        mask, _ = reader.allowed_rows(space, request.filters)
        passing = np.arange(0) if mask is None else reader.image_ids(space, np.flatnonzero(mask))
        several = several[np.isin(several, passing)]
    for image, files in _files_of(reader, several.tolist(), request.filters).items():
        if len(files) > 1:
            kept = min(files, key=keeper.order)
            wasted = sum(one.size_bytes or 0 for one in files if one is not kept)
            yield _Sketch(DuplicateKind.IDENTICAL, (image,), wasted)


def _files_of(reader: LibraryReader, images: Sequence[int], filters: Filters) -> _Files:
    """The files of these pictures; where folders are asked for, only those below them."""
    files = reader.recorded_files(images)
    if not filters.folders:
        return files
    below = {
        image: [one for one in some if any(is_at_or_below(one.path, folder) for folder in filters.folders)]
        for image, some in files.items()
    }
    return {image: some for image, some in below.items() if some}


def _look_at(
    sketch: _Sketch, files: Mapping[int, list[RecordedFile]], keeper: Keeper, eyes: OnDisk | Closed
) -> DuplicateGroup | None:
    pictures = [files[image] for image in sketch.images if image in files]
    if sketch.kind is DuplicateKind.NEAR_COPY:
        return near_group(pictures, keeper, eyes)
    return identical_group(pictures[0], keeper, eyes) if pictures else None


def _place(cursor: str) -> tuple[int, str, int]:
    """The order that a cursor stands for."""
    parts = _CURSOR.fullmatch(cursor)
    if parts is None:
        raise UsageError(f"{cursor[:40]!r} is no place among the duplicates: give a next_cursor as it came")
    return -int(parts[1]), parts[2], int(parts[3])
