"""One batch of pictures dealt in parts to several devices; the rows come back in the order of the pictures.

Knows nothing of torch or of CUDA: a lane is whatever encodes a part. Two parts are under way in each lane, so that one
is on its way to the device while the other is encoded.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np

from core.arrays import Pixels, Vectors

UNDER_WAY = 2  # parts in each lane: one is copied while the other is encoded
LEAST = 16  # pictures in a part: fewer gain nothing from a second device
MOST = 2048  # pictures in a batch: 300 MB at 224 pixels, and a run holds three or four of them


class Lane(Protocol):
    """The image tower on one device."""

    @property
    def at_once(self) -> int:
        """Pictures that a part may have at most; may fall while it works."""
        ...

    def start(self, pixels: Pixels) -> Callable[[], Vectors]:
        """Begins with a part, uint8 (n, height, width, 3); what is returned waits for its rows, float32 (n, dim).

        Another part may be started before the first is waited for.
        """
        ...


class Dealer:
    """Shares batches out among lanes: whichever is free takes the next part. Safe to share between threads.

    Args:
        lanes: at least one; the first takes what is too little to share.
        dim: of a row.
    """

    def __init__(self, lanes: Sequence[Lane], *, dim: int) -> None:
        self._lanes = lanes
        self._dim = dim
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    @property
    def batch_size(self) -> int:
        """Pictures that keep every lane busy, all of them being like the first; at most MOST."""
        return min(MOST, UNDER_WAY * len(self._lanes) * self._lanes[0].at_once)

    def encode(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3), n > 0, to float32 (n, dim); raises what the first lane to fail raises."""
        rows = np.empty((len(pixels), self._dim), np.float32)
        parts = _Parts(len(pixels), self._part_size(len(pixels)))
        lanes = self._lanes[: len(parts)]

        def work(lane: Lane) -> None:
            with parts:
                _encode_parts(lane, parts, pixels, rows)

        others = [self._pool().submit(work, lane) for lane in lanes[1:]]
        try:
            work(lanes[0])
        finally:
            failed = _wait_for(others)
        if failed is not None:
            raise failed
        return rows

    def _part_size(self, count: int) -> int:
        used = self._lanes[: -(-count // LEAST)]  # others are not even asked: that would start their devices
        shared = -(-count // (UNDER_WAY * len(used)))
        return min(max(shared, LEAST), *(lane.at_once for lane in used))

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(len(self._lanes) - 1, thread_name_prefix="lane")
            return self._threads


class _Parts:
    """Slices of a batch, each handed out once, to whichever thread asks; none after an error in one of them."""

    def __init__(self, count: int, size: int) -> None:
        self._slices = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        self._next = iter(self._slices)
        self._closed = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._slices)

    def __iter__(self) -> Iterator[slice]:
        while (part := self._take()) is not None:
            yield part

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._closed = True

    def _take(self) -> slice | None:
        with self._lock:
            return None if self._closed else next(self._next, None)


def _encode_parts(lane: Lane, parts: _Parts, pixels: Pixels, rows: Vectors) -> None:
    begun: deque[tuple[slice, Callable[[], Vectors]]] = deque()
    for part in parts:
        begun.append((part, lane.start(pixels[part])))
        if len(begun) == UNDER_WAY:
            done, wait = begun.popleft()
            rows[done] = wait()
    for done, wait in begun:
        rows[done] = wait()


def _wait_for(others: Sequence[Future[None]]) -> BaseException | None:
    """Waits until all have ended; the first error among them."""
    errors = [other.exception() for other in others]
    return next((error for error in errors if error is not None), None)
