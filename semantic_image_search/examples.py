"""Example pictures of a search, by what they are: handed in, or pictures of the library, whose vectors are at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UnknownPicture, UsageError
from searcher.compose import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Vectors
    from db import LibraryReader
    from semantic_image_search.queries import PictureLike


@dataclass(frozen=True, slots=True)
class Examples:
    """Pictures that the hits should be like, or unlike."""

    pictures: tuple[PictureLike, ...]  # to be encoded
    image_ids: tuple[int, ...]  # of the library, each once

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
