"""One encoder for many threads: texts that wait are encoded together, and those of the last questions are remembered.

Nobody waits for company: who comes first encodes at once, and who comes meanwhile is encoded with all the others that
came, in the next call. A model takes hardly longer for eight texts than for one.
"""

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from threading import Lock

import numpy as np

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo
from core.protocols import Encoder

REMEMBERED = 1_000
"""Texts: the next page of a query, and the same words with another filter, need no model. 2 MB at 512 dimensions."""

TOGETHER = 64
"""Texts in one call at most: more take so long that the first would notice."""


class SharedEncoder:
    """As the encoder it is made of (`core.protocols.Encoder`), safe to share between threads whatever that one is.

    Args:
        encoder: used by one thread at a time.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._using = Lock()  # the encoder
        self._looking = Lock()  # at what follows
        self._known: OrderedDict[str, Future[Vectors]] = OrderedDict()  # the last ones asked for, done or not
        self._waiting: OrderedDict[str, Future[Vectors]] = OrderedDict()  # that no call has taken yet

    @property
    def info(self) -> EncoderInfo:
        """The encoder's."""
        return self._encoder.info

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """As the encoder's."""
        with self._using:
            return self._encoder.encode_pixels(pixels)

    def cut_off(self, text: str) -> str:
        """As the encoder's."""
        with self._using:
            return self._encoder.cut_off(text)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """As the encoder's; a text that was encoded a moment ago is not encoded again."""
        rows = [self._row(text) for text in texts]
        while not all(row.done() for row in rows):
            with self._using:  # whoever waits here finds its texts encoded, or encodes all that wait by now
                self._encode_waiting()
        return np.stack([row.result() for row in rows]) if rows else np.empty((0, self.info.dim), np.float32)

    def _row(self, text: str) -> Future[Vectors]:
        """The vector of a text, float32 (dim,), now or later."""
        with self._looking:
            row = self._known.get(text)
            if row is None:
                row = self._known[text] = self._waiting[text] = Future()
            self._known.move_to_end(text)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return row

    def _encode_waiting(self) -> None:
        with self._looking:
            taken = [self._waiting.popitem(last=False) for _ in range(min(TOGETHER, len(self._waiting)))]
        if not taken:
            return
        try:
            vectors = self._encoder.encode_texts([text for text, _ in taken])
        except BaseException as error:  # noqa: BLE001 - told to each who waits for it
            self._fail(taken, error)
            return
        for (_, row), vector in zip(taken, vectors, strict=True):
            row.set_result(vector)

    def _fail(self, taken: Sequence[tuple[str, Future[Vectors]]], error: BaseException) -> None:
        with self._looking:
            for text, _ in taken:
                self._known.pop(text, None)  # the next to ask tries again
        for _, row in taken:
            row.set_exception(error)
