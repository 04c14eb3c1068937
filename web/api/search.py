"""Search by words, pictures of the library, uploaded pictures, and what not to find: all of them in one question."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from core.queries import Fusion, Sort
from web.access.scopes import AskedBy, Scope
from web.api.answers import answer_of
from web.api.models import Answer, problems
from web.api.models_filters import MOST_WORDS, ImageId, PageAsked, Upload
from web.api.places import places_for
from web.api.streams import LINES, Teller, tell
from web.parts import Parts

if TYPE_CHECKING:
    from core.queries import SearchResult
    from semantic_image_search.queries import PictureLike

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


def router(parts: Parts) -> APIRouter:
    """POST /search; never GET: what people look for stands in no URL."""
    routes = APIRouter(tags=["questions"])

    @routes.post(
        "/search",
        response_model=Answer,
        responses={200: {"content": {LINES: {}}}, **problems(s400="It makes no sense.", s404="No such picture.")},
    )
    async def search(asked: SearchAsked, request: Request, scope: AskedBy) -> Response:
        """The pictures that fit best, best first.

        Asked for `application/x-ndjson` it answers in lines: `{"event": "vectors", "answer": …}` first; where a
        reranker looked, `{"event": "reranked", "answer": …}`; `{"event": "done"}`, or `{"event": "problem", …}`.
        """
        in_parts = LINES in request.headers.get("accept", "")
        return await tell(request, partial(_search, parts, asked, scope, in_parts=in_parts), in_parts=in_parts)

    return routes


def _search(parts: Parts, asked: SearchAsked, scope: Scope, teller: Teller, *, in_parts: bool) -> None:
    question = asked.question("search")
    place = parts.cursors.place(asked.cursor, question)
    pictures: list[PictureLike | int] = [*asked.images, *(parts.uploads.picture(upload) for upload in asked.uploads)]
    with parts.asked(asked.texts, waiting=teller.check) as library:
        places = places_for(library, scope)

        def say(result: "SearchResult", event: str) -> None:
            after = parts.cursors.after(place, result, question, asked.k)
            teller.say(event, answer_of(result, places, next_cursor=after))

        result = library.search(
            asked.text,
            k=asked.k,
            offset=place.offset,
            seen=place.seen,
            images=pictures,
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
            listener=teller.check,
            before_reranking=(lambda first: say(first, "vectors")) if in_parts else None,
        )
        say(result, "reranked" if result.reranker else "vectors")
