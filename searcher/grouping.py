"""Which found pictures are one thing to a person: the same bytes, copies of them, and bursts.

The first of a group, in order of score (or place) and then path, leads it; the rest is `alike`. A picture is compared
with pictures before it only, so the hits of a page never depend on how many candidates came after them.

Measured on 285,390 pairs of different pictures with recorded CLIP ViT-B/32 vectors: cosine 0.60 in the middle, 0.918
at 99.9%, 0.956 at most (two 32-pixel cats; 0.947 among photos); 6 pairs reach 0.95, 1,079 reach 0.90. Their
perceptual hashes (`media.phash`) differ in 10 bits at least (the one pair under 14 has cosine 0.925), 32 in the
middle; those of 193 photos and their copies in 2 at most at JPEG quality 30, 6 at quality 10 or half the size, and 10
(99% in 6) at 64 pixels. So the hash tells copies apart, and the cosine guards where it is blind: colours, and pictures
with little in them. A camera that says two moments took two pictures, however alike. 0.90 alone would join different
pictures; with one camera and three seconds it does not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

import numpy as np

from core.arrays import RowNumbers, Vectors
from core.paths import is_at_or_below
from core.pictures import Picture, TakenSource
from core.queries import Alike, AlikeKind, CopyKind, Reranked

COPY_COSINE = 0.95
COPY_BITS = 6  # of the 64 of the perceptual hash
COPY_ASPECT = 0.05  # a thumbnail's sides are rounded to whole pixels: 1.5% at 32 pixels
COPY_SECONDS = 1.0  # some programs drop the fractions
BURST_COSINE = 0.90
BURST_SECONDS = 3.0

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock, as the cameras'


@dataclass(frozen=True, slots=True)
class Found:
    """A picture with its score (the true cosine), before it has a rank."""

    picture: Picture
    score: float
    alike: tuple[Alike, ...] = ()
    copy: CopyKind | None = None  # set by a lookup
    match: float | None = None  # the probability that it fits what was asked; None: not judged
    reranked: Reranked | None = None  # None: the reranker did not look at it
    place: int = 0  # among the candidates, where more than their scores orders them
    words: tuple[str, ...] = ()  # of the query, found in its captions, tags or names
    named: bool = False  # all of them were


def in_order(found: Sequence[Found]) -> list[Found]:
    """By place, then best score first; equal scores by path."""
    return sorted(found, key=_order)


def one_per_picture(found: Sequence[Found]) -> list[Found]:
    """Identical files behind the best of their paths, in the order given."""
    return [replace(one, alike=_identical(one.picture)) for one in found]


def one_per_file(found: Sequence[Found], folders: tuple[bytes, ...] = ()) -> list[Found]:
    """Each path of a picture on its own, in the order given; where folders are given, only the paths below them."""
    return [
        replace(one, picture=replace(one.picture, path=path, other_paths=()))
        for one in found
        for path in sorted({one.picture.path, *one.picture.other_paths})
        if not folders or path == one.picture.path or _is_below(path, folders)
    ]


def prefer_folders(picture: Picture, folders: tuple[bytes, ...]) -> Picture:
    """The picture shown by a path below one of the folders, where its best path is not."""
    if not folders or _is_below(picture.path, folders):
        return picture
    below = [path for path in picture.other_paths if _is_below(path, folders)]
    if not below:
        return picture
    best = min(below, key=lambda path: (len(path), path))
    others = tuple(sorted({picture.path, *picture.other_paths} - {best}))
    return replace(picture, path=best, other_paths=others)


def group_alike(found: Sequence[Found], vectors: Vectors) -> list[Found]:
    """Copies and bursts behind the best of them. Deterministic, whatever order `found` comes in.

    Args:
        found: pictures, each once.
        vectors: float32 (len(found), dim), unit rows; row i belongs to found[i].

    Returns:
        The leaders, best first, with what hides behind them (best first; the files of one picture by path).
    """
    groups = _Groups(len(found), vectors.shape[1])
    for i in sorted(range(len(found)), key=lambda i: _order(found[i])):
        groups.place(found[i], vectors[i])
    return groups.leaders()


@dataclass(slots=True)
class _Group:
    leader: Found
    others: list[tuple[Found, AlikeKind]] = field(default_factory=list)

    def as_found(self) -> Found:
        behind = [
            (Alike(other.picture.path, kind), *(Alike(path, kind) for path in sorted(other.picture.other_paths)))
            for other, kind in self.others
        ]
        return replace(self.leader, alike=(*_identical(self.leader.picture), *chain.from_iterable(behind)))


class _Groups:
    """The groups so far, their leaders laid out in arrays so that a picture meets all of them at once."""

    def __init__(self, most: int, dim: int) -> None:
        self._groups: list[_Group] = []
        self._vectors = np.empty((most, dim), np.float32)  # of leaders
        self._hashes = np.empty(most, np.uint64)
        self._hashed = np.zeros(most, np.bool_)
        self._aspects = np.empty(most)
        self._seconds = np.empty(most)  # of the exposure; nan where it is not known
        self._shots: dict[
            tuple[str, int], list[tuple[float, int]]
        ] = {}  # camera, window: (second, group) of all placed

    def place(self, one: Found, vector: Vectors) -> None:
        """Into the first group that it copies, else the first whose burst it belongs to, else a group of its own."""
        shot = _shot(one.picture)
        group, kind = self._copied(one.picture, vector), AlikeKind.NEAR_COPY
        if group is None:
            group, kind = self._burst(shot, vector), AlikeKind.BURST
        if group is None:
            group = self._open(one, vector)
        else:
            self._groups[group].others.append((one, kind))
        if shot:
            self._shots.setdefault((shot[0], _window(shot[1])), []).append((shot[1], group))

    def leaders(self) -> list[Found]:
        return [group.as_found() for group in self._groups]

    def _open(self, one: Found, vector: Vectors) -> int:
        number, facts = len(self._groups), one.picture.facts
        self._groups.append(_Group(one))
        self._vectors[number] = vector
        self._aspects[number] = _aspect(one.picture)
        self._hashed[number] = facts.phash is not None
        self._hashes[number] = facts.phash or 0
        self._seconds[number] = _second(one.picture)
        return number

    def _copied(self, picture: Picture, vector: Vectors) -> int | None:
        facts, groups = picture.facts, len(self._groups)
        if facts.phash is None:
            return None
        bits = np.bitwise_count(self._hashes[:groups] ^ np.uint64(facts.phash))
        aspect = _aspect(picture)
        same_shape = np.abs(self._aspects[:groups] - aspect) <= COPY_ASPECT * aspect
        # comparing with nan is False: an unknown moment contradicts nothing
        other_moment = np.abs(self._seconds[:groups] - _second(picture)) >= COPY_SECONDS
        near = np.flatnonzero((bits <= COPY_BITS) & self._hashed[:groups] & same_shape & ~other_moment)
        return self._first_at(near, vector, COPY_COSINE)

    def _burst(self, shot: tuple[str, float] | None, vector: Vectors) -> int | None:
        if shot is None:
            return None
        camera, second = shot
        windows = range(_window(second) - 1, _window(second) + 2)
        shots = chain.from_iterable(self._shots.get((camera, window), ()) for window in windows)
        near = sorted({group for other, group in shots if abs(other - second) <= BURST_SECONDS})
        return self._first_at(np.array(near, np.int64), vector, BURST_COSINE)

    def _first_at(self, groups: RowNumbers, vector: Vectors, floor: float) -> int | None:
        close = groups[self._vectors[groups] @ vector >= floor]
        return int(close[0]) if len(close) else None


def _order(one: Found) -> tuple[int, float, bytes]:
    return one.place, -one.score, one.picture.path


def _identical(picture: Picture) -> tuple[Alike, ...]:
    return tuple(Alike(path, AlikeKind.IDENTICAL) for path in sorted(picture.other_paths))


def _aspect(picture: Picture) -> float:
    return picture.facts.width / max(picture.facts.height, 1)


def _window(second: float) -> int:
    return int(second // BURST_SECONDS)


def _second(picture: Picture) -> float:
    """The moment of the exposure; nan where it is only guessed from the file's time."""
    taken = picture.facts.taken
    return float("nan") if taken.source is TakenSource.FILE else (taken.local - _EPOCH).total_seconds()


def _shot(picture: Picture) -> tuple[str, float] | None:
    """Camera and second of the exposure; None where either is unknown."""
    camera, second = picture.facts.camera, _second(picture)
    return None if camera is None or math.isnan(second) else (camera, second)


def _is_below(path: bytes, folders: tuple[bytes, ...]) -> bool:
    """True where the path is one of the folders or lies below it."""
    return any(is_at_or_below(path, folder) for folder in folders)
