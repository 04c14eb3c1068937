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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.arrays import Vectors
from core.paths import is_at_or_below
from core.pictures import Picture, TakenSource
from core.queries import Alike, AlikeKind, CopyKind, Reranked

COPY_COSINE = 0.95
COPY_BITS = 6  # of the 64 of the perceptual hash
COPY_ASPECT = 0.05  # a thumbnail's sides are rounded to whole pixels: 1.5% at 32 pixels
COPY_SECONDS = 1.0  # some programs drop the fractions
BURST_COSINE = 0.90
BURST_SECONDS = 3.0

_AT_ONCE = 64  # pictures compared with all leaders at once: 20 MB beside 40,000 of them

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock, as the cameras'


@dataclass(slots=True)  # every answer makes a hundred or more; frozen, that would take three times as long
class Found:
    """A picture with its score (the true cosine), before it has a rank; `replace` makes another of it."""

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
    order = sorted(range(len(found)), key=lambda i: _order(found[i]))
    return _Groups([found[i] for i in order], vectors[order]).leaders()


class _Groups:
    """Pictures put together: into the first group that one copies, else the first whose burst it is of, else its own.

    A picture is known by its number in the order of `found`, a group by that of its leader. What can be a copy by
    hash, shape and moment is told for many pictures at once: hardly any is.
    """

    def __init__(self, found: Sequence[Found], vectors: Vectors) -> None:
        self._found = found
        self._vectors = vectors
        phashes = [one.picture.facts.phash for one in found]
        self._hashes = np.array([phash or 0 for phash in phashes], np.uint64)
        self._hashed = np.array([phash is not None for phash in phashes], np.bool_)
        self._aspects = np.array([_aspect(one.picture) for one in found])
        self._seconds = np.array([_second(one.picture) for one in found])  # of the exposure; nan: not known
        self._in_company = _in_company(self._seconds).tolist()
        self._others: dict[int, list[tuple[Found, AlikeKind]]] = {}  # by leader, best first
        self._shots: dict[tuple[str, int], list[tuple[float, int]]] = {}  # camera, window: (second, leader) of all
        for start in range(0, len(found), _AT_ONCE):
            self._place(range(start, min(start + _AT_ONCE, len(found))))

    def leaders(self) -> list[Found]:
        """The first of each group, with those behind it."""
        return [self._with_others(number, others) for number, others in self._others.items()]

    def _with_others(self, number: int, others: Sequence[tuple[Found, AlikeKind]]) -> Found:
        leader = self._found[number]
        if not (others or leader.picture.other_paths or leader.alike):  # nearly all of them
            return leader
        behind = [
            [
                Alike(path, kind, other.picture.image_id)
                for path in (other.picture.path, *sorted(other.picture.other_paths))
            ]
            for other, kind in others
        ]
        alike = (*_identical(leader.picture), *chain.from_iterable(behind))
        return leader if alike == leader.alike else replace(leader, alike=alike)

    def _place(self, numbers: range) -> None:
        originals = self._possible_originals(numbers)
        for number in numbers:
            shot = self._shot(number)
            leader, kind = None, AlikeKind.NEAR_COPY
            if number in originals:
                leader = self._first_at(number, originals[number], COPY_COSINE)
            if leader is None and shot and (near := self._burst(*shot)):
                leader, kind = self._first_at(number, near, BURST_COSINE), AlikeKind.BURST
            if leader is None:
                leader = number
                self._others[number] = []
            else:
                self._others[leader].append((self._found[number], kind))
            if shot:
                self._shots.setdefault((shot[0], _window(shot[1])), []).append((shot[1], leader))

    def _possible_originals(self, numbers: range) -> dict[int, list[int]]:
        """For each of these that may be a copy: of which before it, ascending; of its own kind also no leaders."""
        before = np.fromiter(chain(self._others, numbers), np.int64)
        of = np.arange(numbers.start, numbers.stop)
        bits = np.bitwise_count(self._hashes[of][:, np.newaxis] ^ self._hashes[before])
        which, at = np.nonzero((bits <= COPY_BITS) & (before < of[:, np.newaxis]))
        copies, originals = of[which], before[at]
        same_shape = np.abs(self._aspects[originals] - self._aspects[copies]) <= COPY_ASPECT * self._aspects[copies]
        # comparing with nan is False: an unknown moment contradicts nothing
        other_moment = np.abs(self._seconds[originals] - self._seconds[copies]) >= COPY_SECONDS
        likely = self._hashed[originals] & self._hashed[copies] & same_shape & ~other_moment
        possible: dict[int, list[int]] = {}
        for copy, original in zip(copies[likely].tolist(), originals[likely].tolist(), strict=True):
            possible.setdefault(copy, []).append(original)
        return possible

    def _burst(self, camera: str, second: float) -> list[int]:
        """The leaders of those that this camera took within seconds of it."""
        window, shots = _window(second), self._shots
        near = [shot for at in (window - 1, window, window + 1) for shot in shots.get((camera, at), ())]
        return sorted({leader for other, leader in near if abs(other - second) <= BURST_SECONDS}) if near else []

    def _first_at(self, number: int, numbers: Sequence[int], floor: float) -> int | None:
        """The first of these leaders (others are passed over) whose cosine with the picture is high enough."""
        leaders = [one for one in numbers if one in self._others]
        if not leaders:
            return None
        close = np.flatnonzero(self._vectors[leaders] @ self._vectors[number] >= floor)
        return leaders[close[0]] if len(close) else None

    def _shot(self, number: int) -> tuple[str, float] | None:
        """Camera and second of the exposure; None where either is unknown, or nothing else was taken within seconds."""
        camera = self._found[number].picture.facts.camera
        return (camera, float(self._seconds[number])) if camera is not None and self._in_company[number] else None


def _order(one: Found) -> tuple[int, float, bytes]:
    return one.place, -one.score, one.picture.path


def _identical(picture: Picture) -> tuple[Alike, ...]:
    return tuple(Alike(path, AlikeKind.IDENTICAL, picture.image_id) for path in sorted(picture.other_paths))


def _aspect(picture: Picture) -> float:
    return picture.facts.width / max(picture.facts.height, 1)


def _in_company(seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of these moments are within BURST_SECONDS of another one, bool (n,): hardly any. False for nan."""
    order = np.argsort(seconds)
    close = np.diff(seconds[order]) <= BURST_SECONDS
    company = np.zeros(len(seconds), np.bool_)
    company[order[1:]] |= close
    company[order[:-1]] |= close
    return company


def _window(second: float) -> int:
    return int(second // BURST_SECONDS)


def _second(picture: Picture) -> float:
    """The moment of the exposure; nan where it is only guessed from the file's time."""
    taken = picture.facts.taken
    return float("nan") if taken.source is TakenSource.FILE else (taken.local - _EPOCH).total_seconds()


def _is_below(path: bytes, folders: tuple[bytes, ...]) -> bool:
    """True where the path is one of the folders or lies below it."""
    return any(is_at_or_below(path, folder) for folder in folders)
