"""Pictures opened for a model that looks again: a few in this process, many at once in worker processes."""

import os
import threading
from collections.abc import Sequence
from contextlib import suppress

from core.errors import PictureProblem, ProblemKind
from core.models import Preprocess
from core.pictures import DecodedPicture
from core.placeholders import is_online_only
from media import DecodeJob, DecodeLimits, DecodePool, decode_picture

MANY = 12
"""Files from which on workers are worth their start, which takes as long as opening six photos of 12 megapixels."""


class Opener:
    """Opens files for one model.

    Args:
        fit: how it wants pixels.
        workers: processes, for many files at once; they start when first needed and live until `rest`. Each thread
            that opens files has its own, so that none ends those of another.
    """

    def __init__(self, fit: Preprocess, *, workers: int) -> None:
        self._fit = fit
        self._workers = workers
        self._own = threading.local()

    def open(self, paths: Sequence[bytes]) -> list[DecodedPicture | PictureProblem]:
        """Each file as it is now, or what is wrong with it."""
        if len(paths) < MANY or self._workers < 2:
            return [self._open(path) for path in paths]
        opened: list[DecodedPicture | PictureProblem] = [_problem_of(path) or _UNREAD for path in paths]
        pool = self._pool()
        jobs = (DecodeJob(path, None, i) for i, path in enumerate(paths) if opened[i] is _UNREAD)
        for outcome in pool.run(jobs):
            number: int = outcome.job.tag  # type: ignore[assignment]  # the tags are ours
            opened[number] = outcome.picture or outcome.problem or _UNREAD
        return opened

    def rest(self) -> None:
        """End the workers; the next many files start others."""
        pool: DecodePool | None = getattr(self._own, "pool", None)
        if pool is not None:
            self._own.pool = None
            pool.close()

    def _pool(self) -> DecodePool:
        pool: DecodePool | None = getattr(self._own, "pool", None)
        if pool is None:
            pool = self._own.pool = DecodePool(targets=(self._fit,), limits=DecodeLimits(), workers=self._workers)
        return pool

    def _open(self, path: bytes) -> DecodedPicture | PictureProblem:
        elsewhere = _problem_of(path)
        if elsewhere is not None:
            return elsewhere
        try:
            return decode_picture(path, targets=(self._fit,), limits=DecodeLimits()) or _UNREAD
        except PictureProblem as problem:
            return problem


_UNREAD = PictureProblem(ProblemKind.IO_ERROR, "it was not read")


def _problem_of(path: bytes) -> PictureProblem | None:
    """Looking must not fetch what a cloud keeps elsewhere; a file that is not there is left to the decoder to say."""
    with suppress(OSError):
        if is_online_only(os.stat(path)):  # noqa: PTH116 - bytes
            return PictureProblem(ProblemKind.ONLINE_ONLY, "it is in the cloud, and here in name only")
    return None
