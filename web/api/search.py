"""Search by words, pictures of the library, uploaded pictures, and what not to find: all of them in one question."""

from functools import partial

from fastapi import APIRouter, Request, Response

from web.access.scopes import AskedBy, Scope
from web.api.models import Answer, problems
from web.api.searching import Asking, Part, SearchAsked, find
from web.api.streams import LINES, Teller, tell
from web.parts import Parts


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
    """In the thread of this question: find, and tell."""

    def say(part: Part) -> None:
        if part.following is not None:
            parts.cursors.remember(part.following)
        teller.say(part.event, part.answer)

    if parts.beside.takes(asked):
        with parts.beside.turn(teller.check) as process:
            if process is None:
                with parts.held.library() as library:
                    find(library, asked, Asking(scope, say, teller.check, in_parts=in_parts))
                return
            part = process.ask(asked, scope)
        if part is not None:
            say(part)
            return
    place = parts.cursors.place(asked.cursor, asked.question("search"))
    pictures = [parts.uploads.picture(upload) for upload in asked.uploads]
    with parts.asked(asked.texts, waiting=teller.check) as library:
        find(library, asked, Asking(scope, say, teller.check, place, pictures, in_parts))
