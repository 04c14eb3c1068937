"""The towers of a model as exported graphs: found, or made when first asked for, or not to be had.

The graphs are for the CPU. Whatever goes wrong here is no error: torch does the same work, later. What it was is said
by `why_not`, and to the log.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import ModelError
from core.models import ModelSpec
from encoders.graphs import runtime
from encoders.graphs.apart import make_apart
from encoders.graphs.cutting import cut
from encoders.graphs.runtime import Arithmetic, CompiledGraph, Damaged
from encoders.graphs.store import Graph, Place, Tower, folder_of
from encoders.sources import ModelFiles, Source
from encoders.tokens import Tokenizer, load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

_LOG = logging.getLogger(__name__)
_TEXTS_IN_A_BATCH = 64  # bounds memory
_BATCHES_OF_TEXTS = 2  # at once, where texts are cut: a query of some words is done as soon with half of the cores

# Pictures that are encoded together where there are more. Threads that share a batch wait for each other after every
# layer, and with decoders on the same cores they wait long: one batch for each of them took 5% less processor time.
_PICTURES_IN_A_BATCH = 4
_BATCHES_OF_PICTURES = 4  # at once, at most: each reads all the weights


class GraphTowers:
    """The graphs of one model. Safe to share between threads.

    Args:
        spec, source, files: what `resolve` and `files_of` say.
    """

    def __init__(self, spec: ModelSpec, source: Source, files: ModelFiles) -> None:
        self._model = (spec, source, files)
        self._context_length = spec.context_length
        self._folder: Path | None = None
        self._loaded: dict[Tower, CompiledGraph] = {}
        self._notes: dict[Tower, Graph] = {}
        self._why_not: dict[Tower, str] = {}
        self._tokenizer: Tokenizer | None = None
        self._lock = threading.RLock()

    def encode_pixels(self, pixels: Pixels) -> Vectors | None:
        """uint8 (n, height, width, 3), n > 0, to float32 (n, dim), unit rows; None where torch has to do it.

        Whether its cores go to one batch or to several is settled by the first call: a run of many pictures begins with
        as many as it will bring each time, and whoever asks with a picture brings one.
        """
        batches = -(-len(pixels) // _PICTURES_IN_A_BATCH)
        graph = self.load(Tower.IMAGE, at_once=min(batches, _BATCHES_OF_PICTURES))
        if graph is None:
            return None
        parts = np.array_split(pixels, batches if graph.at_once > 1 else 1)
        return _if_finite(np.concatenate(graph.each(parts)))

    def encode_texts(self, texts: Sequence[str]) -> Vectors | None:
        """N texts, n > 0, to float32 (n, dim), unit rows; None where torch has to do it."""
        graph = self.load(Tower.TEXT)
        tokenizer = self.tokenizer()
        if graph is None or tokenizer is None:
            return None
        rule = self._notes[Tower.TEXT].cut
        batches = [
            cut(tokenizer(texts[start : start + _TEXTS_IN_A_BATCH], self._context_length), rule)
            for start in range(0, len(texts), _TEXTS_IN_A_BATCH)
        ]
        return _if_finite(np.concatenate(graph.each(batches)))

    def arithmetic(self, tower: Tower) -> Arithmetic | None:
        """What the graph of a tower multiplies in; None where it is not loaded."""
        with self._lock:
            return Arithmetic(self._notes[tower].arithmetic) if tower in self._loaded else None

    def why_not(self, tower: Tower) -> str:
        """Why torch does a tower's work; empty where it does not, or nobody has asked yet."""
        return self._why_not.get(tower, "")

    def load(self, tower: Tower, *, at_once: int = _BATCHES_OF_TEXTS) -> CompiledGraph | None:
        """The graph of a tower, made where there is none; None where it is not to be had.

        `at_once` batches are to be run at once, if it is not loaded yet.
        """
        with self._lock:
            if tower not in self._loaded and not self._why_not.get(tower):
                try:
                    self._loaded[tower] = self._found(tower, at_once)
                    _LOG.debug("%ss are encoded by an exported graph, %s", tower, self.arithmetic(tower))
                except (OSError, ModelError, Damaged) as error:
                    self._why_not[tower] = str(error)
                    _LOG.debug("%ss are encoded by torch: no graph, since %s", tower, error)
            return self._loaded.get(tower)

    def tokenizer(self) -> Tokenizer | None:
        """The model's tokenizer without torch; None where there is none that is sure to give the same ids."""
        with self._lock:
            if self._tokenizer is None:
                kept = self._place().tokenizer
                try:
                    self._tokenizer = load_tokenizer(*self._model, kept=kept)
                except ModelError:  # torch has more to say about the model's own files
                    with contextlib.suppress(OSError):
                        kept.unlink(missing_ok=True)  # made anew with the next graph
            return self._tokenizer

    def _place(self, processor: str = "") -> Place:
        if self._folder is None:
            self._folder = folder_of(*self._model)
        return Place(self._folder, processor)

    def _found(self, tower: Tower, at_once: int) -> CompiledGraph:
        if not runtime.installed():
            raise ModelError("OpenVINO is not installed")
        place = self._place(runtime.processor())
        note = place.read(tower) or self._made(place, tower)
        try:
            return self._opened(place, tower, note, at_once)
        except Damaged:
            place.forget(tower)
            return self._opened(place, tower, self._made(place, tower), at_once)

    def _opened(self, place: Place, tower: Tower, note: Graph, at_once: int) -> CompiledGraph:
        if note.why_not:
            raise ModelError(note.why_not)
        if tower is Tower.TEXT and self.tokenizer() is None:
            raise Damaged("the tokenizer that was kept with it is gone")
        path = place.blob(tower)
        expected = None if runtime.stamp(path) == note.stamp else note.checksum
        cores = runtime.most_threads() or os.cpu_count() or 1
        whole_texts = tower is Tower.TEXT and not note.cut
        at_once = 1 if whole_texts else min(at_once, cores)
        graph = CompiledGraph(path, Arithmetic(note.arithmetic), expected, at_once=at_once, group=note.group)
        self._notes[tower] = note
        return graph

    def _made(self, place: Place, tower: Tower) -> Graph:
        """Make a tower's graph; with the images', which a run asks for, also the texts', which the next query will."""
        from filelock import FileLock, Timeout

        place.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(place.lock, timeout=0):
                place.sweep()
                missing = [one for one in (tower, Tower.TEXT) if place.read(one) is None]
                if missing:  # else another process was quicker
                    _LOG.info("preparing %s for this computer, which is done once", self._model[0].name)
                    make_apart(place, *self._model, tuple(dict.fromkeys(missing)))
        except Timeout:
            raise ModelError("another process is making it") from None
        return place.read(tower) or Graph(why_not="it was made and is gone")


def _if_finite(rows: Vectors) -> Vectors | None:
    """Values that are not finite are torch's to explain."""
    return rows if np.isfinite(rows).all() else None
