"""What `Library.search` is asked, on its way from a caller's arguments to the request that `searcher` answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.queries import Page, Rerank, SearchMode
from searcher.request import SearchRequest
from semantic_image_search.examples import Examples, files_of

if TYPE_CHECKING:
    from core.arrays import Vectors
    from core.protocols import Encoder
    from db import LibraryReader


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A search before any picture is opened or any model loaded; the fields are those of `SearchRequest`."""

    text: str | None
    images: Examples
    vector: Vectors | None
    not_texts: tuple[str, ...]
    not_images: Examples
    image_weight: float
    not_weight: float
    page: Page
    rerank: Rerank
    mode: SearchMode

    @property
    def needs_encoder(self) -> bool:
        """False where vectors are all there is, or where words are looked up as they are."""
        pictures = self.images.pictures or self.not_images.pictures
        return bool(pictures or self.not_texts or (self.text and self.mode is not SearchMode.TEXT))

    def request(self, reader: LibraryReader, encoder: Encoder | None) -> SearchRequest:
        """The pictures read: those handed in as the encoder wants them, the library's own by their vectors.

        Raises:
            UsageError, UnknownPicture, PictureProblem: as `Library.search`.
        """
        page = self.page
        if self.not_images.image_ids:
            page = replace(page, without=files_of(self.not_images, reader))
        return SearchRequest(
            text=self.text,
            images=self.images.pixels(encoder),
            like=self.images.vectors(reader),
            vector=self.vector,
            not_texts=self.not_texts,
            not_images=self.not_images.pixels(encoder),
            unlike=self.not_images.vectors(reader),
            image_weight=self.image_weight,
            not_weight=self.not_weight,
            page=page,
            rerank=self.rerank,
            mode=self.mode,
        )
