"""What can be searched for, and how it is found, in whatever process that is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from core.queries import Fusion, Sort
from web.api.answers import answer_of, as_json
from web.api.cursors import NextPage, Place, next_page
from web.api.models_filters import MOST_WORDS, ImageId, PageAsked, Upload
from web.api.places import places_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.indexing import ProgressListener
    from core.queries import SearchResult
    from semantic_image_search import Library
    from semantic_image_search.queries import PictureLike
    from web.access.scopes import Scope

Words = Annotated[str, Field(min_length=1, max_length=MOST_WORDS)]


class SearchAsked(PageAsked):
    """What to look for. Something of `text`, `images` and `uploads` has to be given."""

    text: str | None = Field(default=None, max_length=MOST_WORDS, description="What should be in the picture.")
    images: list[ImageId] = Field(
        default=[], max_length=50, description="Pictures of the library the hits should be like."
    )
    uploads: list[Upload] = Field(default=[], max_length=8, description="Uploaded pictures they should be like.")
    not_texts: list[Words] = Field(default=[], max_length=20, description="What should not be in the picture.")
    not_images: list[ImageId] = Field(default=[], max_length=50, description="Pictures the hits should not be like.")
    image_weight: float = Field(default=1.0, ge=0, le=100, description="What pictures weigh beside the text.")
    not_weight: float = Field(default=0.5, ge=0, le=100, description="What the unwanted weighs against it.")
    mode: Literal["hybrid", "vector", "text"] = Field(
        default="hybrid", description="By look and words, by look, by words."
    )
    min_match: float | None = Field(default=None, ge=0, le=1, description="Only what matches at least this probably.")
    rerank: Literal["auto", "off"] | Annotated[int, Field(ge=0, le=1_000)] = Field(
        default="auto", description="How many of the best a reranker looks at."
    )
    fusion: Literal["itm", "itm+itc", "itm+clip"] = Field(
        default="itm+itc", description="What the reranked are ordered by."
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """What has to be encoded, as `searcher` hands it to the encoder."""
        words = (self.text or "").strip()
        return () if self.mode == "text" else (*([words] if words else []), *self.not_texts)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer: all that is known by then."""

    event: str  # "vectors", or "reranked" where a reranker looked
    answer: bytes  # JSON
    following: NextPage | None  # to be remembered


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and how the answer is told.

    Attributes:
        scope: what they may see.
        place: where the page begins that is asked for.
        pictures: that were asked with, and lie in no library.
        say: told each part; what it raises ends the search.
        check: called now and then; as `say`.
        in_parts: whether the vectors' order is told where a reranker looks after it.
    """

    scope: Scope
    say: Callable[[Part], None]
    check: ProgressListener
    place: Place = field(default_factory=Place)
    pictures: Sequence[PictureLike] = ()
    in_parts: bool = False


def find(library: Library, asked: SearchAsked, asking: Asking) -> None:
    """Search, and tell what was found; raises as `Library.search`, and Problem."""
    places, place = places_for(library, asking.scope), asking.place
    question = asked.question("search")

    def say(result: SearchResult, event: str) -> None:
        following = next_page(place, result, question, asked.k)
        told = answer_of(result, places, next_cursor=following.cursor if following else None)
        asking.say(Part(event, as_json(told), following))

    result = library.search(
        asked.text,
        k=asked.k,
        offset=place.offset,
        seen=place.seen,
        images=[*asked.images, *asking.pictures],
        not_texts=asked.not_texts,
        not_images=asked.not_images,
        image_weight=asked.image_weight,
        not_weight=asked.not_weight,
        filters=asked.filters.filters(places),
        sort=Sort(asked.sort),
        group=asked.group,
        min_match=asked.min_match,
        rerank=asked.rerank,
        fusion=Fusion(asked.fusion),
        mode=asked.mode,
        listener=asking.check,
        before_reranking=(lambda first: say(first, "vectors")) if asking.in_parts else None,
    )
    say(result, "reranked" if result.reranker else "vectors")
