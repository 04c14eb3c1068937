"""`Library.describe`: the texts that fit a picture best, whether or not the library holds it.

Puts the parts together: the library's captions by the picture's vector, the picture's own, one that a captioner writes,
and the reranker. What becomes of the texts is `searcher.describe`'s, which models are at hand `second_stage`'s.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.descriptions import DescribeResult, Origin
from core.errors import LibraryNotFound, UsageError, WeightsMissing
from core.paths import absolute, display
from core.pictures import CaptionSource
from core.queries import Took
from searcher.compose import unit
from searcher.describe import MOST_TEXTS, Said, each_once, in_order, look, own_texts, ranked, with_scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from core.arrays import PictureFeatures, Pixels, RowNumbers, Vectors
    from core.models import Preprocess
    from core.pictures import Caption
    from core.protocols import Reranker
    from core.queries import Rerank
    from db import LibraryReader
    from searcher.describe import Looked
    from semantic_image_search.library.opened import OpenedLibrary
    from semantic_image_search.queries import PictureLike

MOST_DESCRIPTIONS = 1_000


def describe_picture(
    library: OpenedLibrary, image: PictureLike, *, k: int, rerank: Rerank, generate: bool
) -> DescribeResult:
    """Carry it out; see `Library.describe`."""
    if not 1 <= k <= MOST_DESCRIPTIONS:
        raise UsageError(f"k must be from 1 to {MOST_DESCRIPTIONS:,}, and is {k:,}")
    with _snapshot(library) as reader:
        return _Describer(library, reader, rerank, generate=generate).describe(image, k)


@contextmanager
def _snapshot(library: OpenedLibrary) -> Iterator[LibraryReader | None]:
    """The library as it is now; None where nothing was indexed yet."""
    from db import open_reader

    with ExitStack() as stack:
        reader: LibraryReader | None = None
        try:
            reader = stack.enter_context(open_reader(library.path))
            reader.active_space()
        except LibraryNotFound:
            reader = None
        yield reader


@dataclass(frozen=True, slots=True)
class _Seen:
    """The picture, read once for all who look at it."""

    name: str
    content_hash: bytes | None  # None: it is no file
    captions: tuple[Caption, ...]  # that came with the file
    pixels: Mapping[Preprocess, Pixels]


class _Describer:
    """One picture, one snapshot of a library, and the models at hand; None: there is none, or none is wanted."""

    def __init__(self, library: OpenedLibrary, reader: LibraryReader | None, rerank: Rerank, *, generate: bool) -> None:
        self._library = library
        self._reader = reader
        self._rerank = rerank
        self._notices: list[str] = []
        self._rows = np.empty(0, np.int64)
        second = library.second_stage
        self._space = None if reader is None else reader.active_space()
        self._encoder = None if self._space is None else library.encoders.if_any(self._space)
        self._captioner = second.captioner() if generate and second.has_captioner else None
        self._reranker = self._choose_reranker()
        if generate and self._captioner is None:
            self._notices.append(_not_here("no caption was generated", second.captioner_name))

    def describe(self, image: PictureLike, k: int) -> DescribeResult:
        started = perf_counter()
        seen = _see(image, self._preprocesses())
        self._rows = self._held(seen)
        vector = self._vector(seen)
        own = self._own_captions(seen)
        written = self._written(seen, own)
        encoded = perf_counter()
        said = each_once([*own_texts(own), *written, *self._near(vector, k)])
        said = in_order(self._scored(said, vector))
        retrieved = perf_counter()
        looked = self._look(seen, said)
        ended = perf_counter()
        if not said:
            self._notices = [self._what_to_do()]
        return DescribeResult(
            picture=seen.name,
            descriptions=ranked(said, looked, k=k),
            library=display(os.fsencode(self._library.path)),
            model=None if self._space is None else self._space.name,
            captioner=self._captioner.info.name if self._captioner is not None and written else None,
            reranker=self._reranker.info.name if self._reranker is not None and looked is not None else None,
            reranked=0 if looked is None else len(looked.itm),
            took_ms=Took(
                encode=1000 * (encoded - started),
                retrieve=1000 * (retrieved - encoded),
                rerank=1000 * (ended - retrieved),
                total=1000 * (ended - started),
            ),
            notices=tuple(dict.fromkeys([*self._notices, *(() if self._reader is None else self._reader.notices())])),
        )

    def _choose_reranker(self) -> Reranker | None:
        second, depth = self._library.second_stage, self._rerank.depth
        if depth is None and self._library.settings.rerank_budget_s <= 0:
            return None
        if depth is None and not second.has_reranker:
            self._notices.append(_not_here("not reranked", second.reranker_name))
            return None
        return None if depth == 0 else second.reranker()

    def _preprocesses(self) -> list[Preprocess]:
        models = (self._encoder, self._captioner, self._reranker)
        return list(dict.fromkeys(model.info.preprocess for model in models if model is not None))

    def _held(self, seen: _Seen) -> RowNumbers:
        """The rows of this very content in the library, int64 (n,)."""
        if self._reader is None or self._space is None or seen.content_hash is None:
            return np.empty(0, np.int64)
        return self._reader.rows_with_hash(self._space, seen.content_hash)

    def _vector(self, seen: _Seen) -> Vectors | None:
        """Float32 (dim,), unit length: the library's own where it holds the picture, so that no model is loaded."""
        if self._reader is None or self._space is None:
            return None
        if len(self._rows):
            return unit(self._reader.vectors(self._space, self._rows[:1])[0])
        if self._encoder is None:
            return None
        vector: Vectors = self._encoder.encode_pixels(seen.pixels[self._encoder.info.preprocess][np.newaxis])[0]
        return vector

    def _own_captions(self, seen: _Seen) -> list[Caption]:
        """What the library knows of the picture, and what came with the file."""
        if self._reader is None or self._space is None:
            return list(seen.captions)
        known = [picture.image_id for picture in self._reader.pictures(self._space, self._rows)]
        captions = [caption for own in self._reader.captions_of(known).values() for caption in own]
        told = {caption.text for caption in captions}  # those judged not to fit are not let in by the file again
        return [*captions, *(caption for caption in seen.captions if caption.text not in told)]

    def _written(self, seen: _Seen, own: Sequence[Caption]) -> list[Said]:
        """What the captioner writes, where it has not written of this picture before: it would say the same again."""
        if self._captioner is None or any(caption.model == self._captioner.info.name for caption in own):
            return []
        info = self._captioner.info
        texts = self._captioner.write(seen.pixels[info.preprocess][np.newaxis])
        return [Said(text, Origin.GENERATED, CaptionSource.GENERATED, info.name) for text in texts]

    def _near(self, vector: Vectors | None, k: int) -> list[Said]:
        """The library's captions that lie nearest: as many as may be shown, and as the reranker may look at."""
        if self._reader is None or self._space is None or vector is None:
            return []
        depth = MOST_TEXTS if self._rerank.depth is None else self._rerank.depth
        found = self._reader.search_captions(self._space, vector, max(k, depth))
        return [Said(one.text, Origin.LIBRARY, score=one.score) for one in found]

    def _scored(self, said: Sequence[Said], vector: Vectors | None) -> Sequence[Said]:
        """With the cosines of all texts, where the library's model is here: a picture it holds can do without."""
        unscored = [one.text for one in said if one.score is None]
        if vector is None or self._encoder is None or not unscored:
            return said
        try:
            return with_scores(said, self._encoder.encode_texts(unscored), vector)
        except WeightsMissing as missing:
            self._notices.append(f"captions of its own have no score: {missing}")
            return said

    def _look(self, seen: _Seen, said: Sequence[Said]) -> Looked | None:
        if self._reranker is None or not said:
            return None
        features = self._features(self._reranker, seen)
        budget_s = self._library.settings.rerank_budget_s
        texts = [one.text for one in said]
        return look(self._reranker, features, texts, depth=self._rerank.depth, budget_s=budget_s)

    def _features(self, reranker: Reranker, seen: _Seen) -> PictureFeatures:
        """Float16 (1, tokens, width); remembered for a picture that the library holds."""
        cache = self._library.second_stage.features(reranker)
        known = None if seen.content_hash is None else cache.get(seen.content_hash)
        if known is not None:
            return known[np.newaxis]
        features: PictureFeatures = reranker.see(seen.pixels[reranker.info.preprocess][np.newaxis])
        if seen.content_hash is not None and len(self._rows):
            cache.put(seen.content_hash, features[0])
        return features

    def _what_to_do(self) -> str:
        """Where there is not one text: why, and what would bring some."""
        second = self._library.second_stage
        why, name = self._why_no_texts(), second.captioner_name
        bring = "`search index` makes one" if self._reader is None else "`search captions import` brings some in"
        if self._captioner is not None:
            return f"{name} found no words for it, and {why}: {bring}"
        if second.has_captioner:
            return f"{why}, and none was to be generated: {bring}, `search captions generate` writes some"
        pull = f"`search models pull {name}` fetches what writes them"
        return f"{why}, and {name} is not here: {bring}, {pull}; `search label` names things without either"

    def _why_no_texts(self) -> str:
        if self._reader is None:
            return "there is no library yet"
        if self._reader.caption_counts().texts:
            return "the library's captions cannot be compared with it (`search index` embeds them)"
        return "the library has no captions"


def _see(image: PictureLike, wanted: Sequence[Preprocess]) -> _Seen:
    """Read the picture once; raises as `Library.describe`."""
    from semantic_image_search.pictures import HandedPicture
    from semantic_image_search.queries import fitted

    name, decoded = "a picture", None
    if isinstance(image, HandedPicture):
        decoded = image.decoded(tuple(wanted))
    elif isinstance(image, str | bytes | os.PathLike):
        from media import DecodeLimits, decode_picture

        path = absolute(image)
        name, decoded = display(path), decode_picture(path, targets=wanted, limits=DecodeLimits())
        if decoded is None:  # only where a known hash is given
            raise UsageError(f"{name} could not be compared with itself")
    if decoded is None:
        return _Seen(name, None, (), {preprocess: fitted(image, preprocess) for preprocess in wanted})
    pixels = dict(zip(wanted, decoded.pixels, strict=True))
    return _Seen(name, decoded.content_hash, decoded.facts.captions, pixels)


def _not_here(what: str, model: str) -> str:
    return f"{what}: {model} is not on this machine (`search models pull {model}` fetches it)"
