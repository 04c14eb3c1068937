"""Pictures in, vectors out: gathers decoded pictures into batches, and encodes one while the next is decoded.

One thread encodes; the thread that calls is free to feed the decoders and to write meanwhile. A picture is decoded
once, whatever the number of spaces; content that a space has already is not encoded again. What is done with the
results is `pipeline`'s business.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from core.arrays import Vectors
from core.indexing import Stage
from core.models import Preprocess
from core.pictures import DecodedPicture
from core.protocols import ImageEncoder
from db.records import IndexedFile, SpaceInfo, WorkItem
from indexer.stopwatch import Stopwatch
from media import Elapsed, Lap

KnownHashes = Callable[[Sequence[bytes], Sequence[int]], Mapping[bytes, frozenset[int]]]
"""(content hashes, space ids) to the spaces that have a row for each hash."""

_Vectors = dict[int, dict[bytes, Vectors]]  # space id -> content hash -> (dim,)


@dataclass(frozen=True, slots=True)
class Embedder:
    """The encoders of a run, by space, and the pixels each of them wants."""

    encoders: Mapping[int, ImageEncoder]
    targets: tuple[Preprocess, ...]  # one array of pixels per row, whoever shares it

    @classmethod
    def of(cls, encoders: Sequence[tuple[SpaceInfo, ImageEncoder]]) -> Self:
        """The embedder of these spaces."""
        wanted = dict.fromkeys(encoder.info.preprocess for _, encoder in encoders)
        return cls({space.id: encoder for space, encoder in encoders}, tuple(wanted))

    def encode(self, pictures: Mapping[bytes, DecodedPicture], needed: Mapping[int, Sequence[bytes]]) -> _Vectors:
        """The vectors that are `needed` (space id to content hashes), one batch per space."""
        vectors: _Vectors = {}
        for space_id, hashes in needed.items():
            encoder = self.encoders[space_id]
            target = self.targets.index(encoder.info.preprocess)
            rows = encoder.encode_pixels(np.stack([pictures[content].pixels[target] for content in hashes]))
            vectors[space_id] = dict(zip(hashes, rows, strict=True))
        return vectors


class BatchEncoder:
    """Takes pictures one by one and gives them back with their vectors, a batch or two later, in order.

    A context manager: it owns the thread that encodes.
    """

    def __init__(self, embedder: Embedder, known_hashes: KnownHashes, *, batch_size: int, stopwatch: Stopwatch) -> None:
        self._embedder = embedder
        self._known_hashes = known_hashes
        self._batch_size = batch_size
        self._gathered: list[tuple[WorkItem, DecodedPicture]] = []
        self._encoding: tuple[list[tuple[WorkItem, DecodedPicture]], Future[tuple[_Vectors, Elapsed]]] | None = None
        self._promised: set[tuple[int, bytes]] = set()  # encoded or about to be, and perhaps not committed yet
        self.stopwatch = stopwatch
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encode")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=kind is None, cancel_futures=True)

    def add(self, item: WorkItem, picture: DecodedPicture) -> list[IndexedFile]:
        """Takes one picture; returns the files of an earlier batch if this one filled the next."""
        self._gathered.append((item, picture))
        return self._next_batch() if len(self._gathered) >= self._batch_size else []

    def finish(self) -> list[IndexedFile]:
        """Everything that was taken and not given back yet."""
        return [*self._next_batch(), *self._next_batch()]

    def drain(self) -> list[IndexedFile]:
        """The batch that is being encoded; where there is none, what was gathered. The rest is dropped."""
        if self._encoding is None:
            self._next_batch()
        self._gathered = []
        return self._collect()

    def committed(self, files: Iterable[IndexedFile]) -> None:
        """From here on the library knows these files' content, so that it need not be remembered here."""
        for file in files:
            self._promised.difference_update((space_id, file.content_hash) for space_id in file.vectors)

    def _next_batch(self) -> list[IndexedFile]:
        """Starts encoding what was gathered as soon as the batch before is through, which it returns."""
        done = self._collect()
        if self._gathered:
            batch, self._gathered = self._gathered, []
            pictures = {picture.content_hash: picture for _, picture in batch}
            needed = self._needed(batch)
            self._encoding = (batch, self._thread.submit(self._encode, pictures, needed))
        return done

    def _encode(
        self, pictures: Mapping[bytes, DecodedPicture], needed: Mapping[int, Sequence[bytes]]
    ) -> tuple[_Vectors, Elapsed]:
        lap = Lap()
        return self._embedder.encode(pictures, needed), lap()

    def _needed(self, batch: Sequence[tuple[WorkItem, DecodedPicture]]) -> dict[int, list[bytes]]:
        hashes = list(dict.fromkeys(picture.content_hash for _, picture in batch))
        known = self._known_hashes(hashes, list(self._embedder.encoders))
        needed: dict[int, list[bytes]] = {}
        for item, picture in batch:
            content = picture.content_hash
            for space_id in item.spaces:
                if space_id in known.get(content, frozenset()) or (space_id, content) in self._promised:
                    continue
                self._promised.add((space_id, content))
                needed.setdefault(space_id, []).append(content)
        return needed

    def _collect(self) -> list[IndexedFile]:
        if self._encoding is None:
            return []
        batch, future = self._encoding
        with self.stopwatch.during(Stage.WAIT_ENCODE):
            vectors, took = future.result()
        self.stopwatch.encoded(took.wall_s)
        self._encoding = None
        files = []
        for item, picture in batch:
            own = {
                space_id: found.pop(picture.content_hash)
                for space_id, found in vectors.items()
                if picture.content_hash in found
            }
            files.append(IndexedFile(item, picture.content_hash, picture.facts, own))
        return files
