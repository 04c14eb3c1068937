"""Thumbnails on demand: from the cache, or made by a worker, once however many ask at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from core.errors import PictureProblem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from db.thumbnails import ThumbnailCache

SIDES = (128, 256, 512, 1024)
"""What a thumbnail's longer side may be, in pixels."""

RENDITION = 2048
"""The longer side of what is shown in place of the original: many browsers show no HEIC, TIFF or JPEG 2000."""

_QUALITY = {128: 75, 256: 75, 512: 78, 1024: 80, RENDITION: 85}
_FAILED_S = 30.0  # so long a picture that could not be drawn is not tried again: it may cost a worker each time
_MOST_FAILED = 1000
_TRIED_AGAIN = frozenset(  # at once: a drive that is connected again shows its pictures
    {ProblemKind.VANISHED, ProblemKind.ONLINE_ONLY, ProblemKind.PERMISSION, ProblemKind.CHANGED_WHILE_READING}
)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture drawn small."""

    webp: bytes
    side: int  # that it was drawn for; another than was asked for where the file is out of reach
    asked: int

    @property
    def as_asked(self) -> bool:
        """False where it is only the best that is at hand."""
        return self.side == self.asked


@dataclass(frozen=True, slots=True)
class ThumbnailAsked:
    """Which thumbnail somebody wants."""

    content_hash: bytes
    side: int  # one of SIDES, or RENDITION
    make: Callable[[], bytes]  # draws it; raises PictureProblem
    still_known: Callable[[], bool]  # False: the picture was forgotten meanwhile


def thumbnail_name(content_hash: bytes, side: int) -> str:
    """A text that is another one where the thumbnail's bytes would be others: for caches."""
    from db.thumbnails import name_of

    return name_of(content_hash, side)


def quality_of(side: int) -> int:
    """The quality that a thumbnail of this side is saved with."""
    return _QUALITY[side]


class Thumbnails:
    """Those of one library. For any thread."""

    def __init__(self, cache: ThumbnailCache) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._making: dict[tuple[bytes, int], Future[bytes]] = {}
        self._failed: dict[tuple[bytes, int], tuple[float, PictureProblem]] = {}

    def kept(self, content_hash: bytes, side: int) -> Thumbnail | None:
        """From the cache."""
        webp = self._cache.get(content_hash, side)
        return None if webp is None else Thumbnail(webp, side, side)

    def get(self, asked: ThumbnailAsked) -> Thumbnail:
        """From the cache, or made; where the picture cannot be read, of another side that is kept.

        Raises:
            PictureProblem: it cannot be read, and nothing of it is kept.
        """
        side = asked.side
        kept = self.kept(asked.content_hash, side)
        if kept is not None:
            return kept
        try:
            return Thumbnail(self._made(asked), side, side)
        except PictureProblem:
            for other in sorted(_QUALITY, key=lambda one: (one < side, abs(one - side))):
                kept = self.kept(asked.content_hash, other)
                if kept is not None:
                    return Thumbnail(kept.webp, other, side)
            raise

    def _made(self, asked: ThumbnailAsked) -> bytes:
        """Made by the first who asks; the others wait for it."""
        key = asked.content_hash, asked.side
        with self._lock:
            at, problem = self._failed.get(key, (0.0, None))
            if problem is not None and monotonic() - at < _FAILED_S:
                raise PictureProblem(problem.kind, problem.reason)
            under_way = self._making.get(key)
            mine = under_way is None
            future = self._making[key] = under_way or Future()
        if mine:
            self._make(key, asked, future)
        return future.result()

    def _make(self, key: tuple[bytes, int], asked: ThumbnailAsked, future: Future[bytes]) -> None:
        """Whatever comes of it is told to all who wait, and nothing is raised."""
        try:
            webp = self._cache.get(*key) or self._new(asked)  # made between a look at the cache and the turn to make it
        except BaseException as error:  # noqa: BLE001 - handed on
            if isinstance(error, PictureProblem) and error.kind not in _TRIED_AGAIN:
                self._note(key, error)
            future.set_exception(error)
        else:
            future.set_result(webp)
        finally:
            with self._lock:
                del self._making[key]

    def _new(self, asked: ThumbnailAsked) -> bytes:
        """Drawn and kept; what is forgotten meanwhile is not kept behind its owner's back."""
        webp = asked.make()
        if self._cache.put(asked.content_hash, asked.side, webp) and not asked.still_known():
            self._cache.drop(asked.content_hash)
        return webp

    def _note(self, key: tuple[bytes, int], problem: PictureProblem) -> None:
        with self._lock:
            while len(self._failed) >= _MOST_FAILED:
                del self._failed[next(iter(self._failed))]
            self._failed[key] = monotonic(), problem
