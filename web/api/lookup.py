"""Which files show this very picture, and what looks like it; and what looks like a picture of the library."""

from typing import Annotated

from fastapi import APIRouter, Query

from core.queries import Sort
from searcher.jsonable import Json
from web.access.scopes import AskedBy
from web.api.answers import answer_of
from web.api.models import Answer, problems
from web.api.models_filters import ImageId, PageAsked
from web.api.one_picture import PICTURE, UPLOAD, WHICH, OfLibrary, OfUpload, handed
from web.api.places import places_for
from web.parts import Parts


class LookupPicture(OfLibrary, PageAsked):
    """The copies of a picture of the library."""


class LookupUpload(OfUpload, PageAsked):
    """The copies of an uploaded picture."""


_Lookup = Annotated[Annotated[LookupPicture, PICTURE] | Annotated[LookupUpload, UPLOAD], WHICH]


def router(parts: Parts) -> APIRouter:
    """POST /lookup, and GET /images/{id}/similar, which stands in a URL because no words do."""
    routes = APIRouter(tags=["questions"])

    @routes.post(
        "/lookup",
        response_model=Answer,
        response_model_exclude_unset=True,
        responses=problems(
            s400="It makes no sense.", s404="No such picture.", s409="Another file lies in its place: index again."
        ),
    )
    def lookup(asked: _Lookup, scope: AskedBy) -> Json:
        """The files that show this very picture, copies of it, then what looks like it; `copy` says which.

        A picture of the library is read from its file: where its drive is offline, ask for what is similar.
        """
        question = asked.question("lookup")
        place = parts.cursors.place(asked.cursor, question)
        with parts.asked() as library:
            places = places_for(library, scope)
            result = library.lookup(
                handed(asked, parts, library),
                k=asked.k,
                offset=place.offset,
                seen=place.seen,
                filters=asked.filters.filters(places),
                sort=Sort(asked.sort),
                group=asked.group,
            )
        after = parts.cursors.after(place, result, question, asked.k)
        return {**answer_of(result, places, next_cursor=after), "query": "a picture"}

    @routes.get(
        "/images/{image_id}/similar",
        response_model=Answer,
        response_model_exclude_unset=True,
        responses=problems(s400="It makes no sense.", s404="No such picture."),
    )
    def similar(
        image_id: ImageId,
        scope: AskedBy,
        k: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Json:
        """What looks like a picture of the library, without it and its own copies and burst; its file is not read."""
        question = b"similar %d" % image_id
        place = parts.cursors.place(cursor, question)
        with parts.asked() as library:
            result = library.similar(image_id, k=k, offset=place.offset, seen=place.seen)
            places = places_for(library, scope)
        return answer_of(result, places, next_cursor=parts.cursors.after(place, result, question, k))

    return routes
