"""Example pictures of a search, by what they are: handed in, or pictures of the library, whose vectors are at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UnknownPicture, UsageError
from core.queries import SearchMode
from searcher.answer import encoder_for
from searcher.compose import unit
from semantic_image_search.queries import fitted_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from core.arrays import Pixels, Vectors
    from core.protocols import Encoder
    from core.queries import Page, SearchResult
    from db import LibraryReader
    from semantic_image_search.queries import PictureLike


@dataclass(frozen=True, slots=True)
class Examples:
    """Pictures that the hits should be like, or unlike."""

    pictures: tuple[PictureLike, ...]  # to be encoded
    image_ids: tuple[int, ...]  # of the library, each once

    def pixels(self, encoder: Encoder | None) -> tuple[Pixels, ...]:
        """Those to be encoded, uint8 (height, width, 3) each, as the encoder wants them; None: there are none."""
        return () if encoder is None else tuple(fitted_all(self.pictures, encoder.info.preprocess))

    def vectors(self, reader: LibraryReader) -> Vectors | None:
        """Those of the library's pictures, float32 (n, dim), unit rows; None where there are none.

        Raises:
            UnknownPicture: the library has no picture of this number.
            UsageError: it has, but no vector of it yet.
        """
        if not self.image_ids:
            return None
        space = reader.active_space()
        rows = reader.rows_of_images(space, self.image_ids)
        for image_id in self.image_ids:
            if image_id not in rows:
                raise _missing(image_id, reader)
        found = reader.vectors(space, np.array([rows[image_id] for image_id in self.image_ids], np.int64))
        return np.stack([unit(vector) for vector in found])


def files_of(examples: Examples, reader: LibraryReader) -> frozenset[bytes]:
    """The files of those that are the library's."""
    space = reader.active_space()
    rows = list(reader.rows_of_images(space, examples.image_ids).values())
    return frozenset(path for one in reader.pictures(space, rows) for path in (one.path, *one.other_paths))


def similar(reader: LibraryReader, image_id: int, page: Page) -> SearchResult:
    """What looks like a picture of the library, but for itself; see `Library.similar`."""
    from searcher.request import SearchRequest
    from searcher.search import search

    wanted = split([image_id])
    like = wanted.vectors(reader)
    files = files_of(wanted, reader)
    request = SearchRequest(like=like, page=replace(page, without=files), mode=SearchMode.VECTOR)
    return search(reader, request, None)


def vectors_of(
    pictures: Sequence[PictureLike | int],
    encoder: Encoder,
    open_reader: Callable[[], AbstractContextManager[LibraryReader]],
) -> Vectors:
    """One vector for each, in their order, float32 (n, dim), unit rows; a reader is opened only for the library's own.

    Raises:
        PictureProblem, UnknownPicture, UsageError: as `Library.label`.
        WrongModel: the library's vectors are another model's.
    """
    found = split(pictures)
    encoded = iter(encoder.encode_pixels(fitted_all(found.pictures, encoder.info.preprocess)))
    known: dict[int, Vectors] = {}
    if found.image_ids:
        with open_reader() as reader:
            encoder_for(reader.active_space(), lambda: encoder)
            vectors = found.vectors(reader)
            known = dict(zip(found.image_ids, () if vectors is None else vectors, strict=True))
    rows = [known[int(one)] if isinstance(one, int | np.integer) else next(encoded) for one in pictures]
    return np.stack(rows) if rows else np.empty((0, encoder.info.dim), np.float32)


def split(examples: Sequence[PictureLike | int]) -> Examples:
    """Whole numbers are pictures of the library."""
    numbers = [int(one) for one in examples if isinstance(one, int | np.integer)]
    return Examples(
        pictures=tuple(one for one in examples if not isinstance(one, int | np.integer)),
        image_ids=tuple(dict.fromkeys(numbers)),
    )


def _missing(image_id: int, reader: LibraryReader) -> UnknownPicture | UsageError:
    if reader.has_image(image_id):
        return UsageError(f"picture {image_id} waits for its vector: search with it after the next `search index`")
    return UnknownPicture(image_id)
