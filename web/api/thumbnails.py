"""Pictures drawn small: thumbnails and the rendition, from the cache or made while the browser waits."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response

from semantic_image_search.pictures import RENDITION, Thumbnail, thumbnail_name
from web.api.images import ImageId
from web.api.models import problems
from web.parts import Parts
from web.picture_problems import told_of_files

T = TypeVar("T")
Side = Annotated[Literal["128", "256", "512", "1024"], Query(description="The longer side, in pixels, at most.")]
_Version = Annotated[str, Query(max_length=64, description="The picture's `version`: browsers may keep it for good.")]

_LOOKING = 16  # threads that read the cache, beside those that answer questions
_DRAWING = 4  # threads that wait for workers: a page that is scrolled fast holds up no question, and no kept picture
_FOR_GOOD = "private, max-age=31536000, immutable"
_A_WHILE = "private, max-age=60"  # an id means one content, until it is forgotten and given out anew
_ASK_AGAIN = "private, no-cache"

WEBP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}, "description": "A WebP."},
}
"""Among a route's responses."""

_RESPONSES: dict[int | str, dict[str, Any]] = {
    **WEBP,
    304: {"description": "What the browser has is still right."},
    **problems(
        s404="No picture of this id, or its file is out of reach and nothing of it is kept.",
        s409="Another file lies in its place: index again.",
        s413="It is too large to be decoded.",
        s422="Its file cannot be decoded.",
        s503="Decoding takes too long.",
    ),
}


def router(parts: Parts) -> APIRouter:
    """GET /images/{id}/thumbnail, /images/{id}/rendition."""
    routes = APIRouter(tags=["pictures"])
    drawer = _Drawer(parts)

    @routes.get("/images/{image_id}/thumbnail", response_class=Response, responses=_RESPONSES)
    async def thumbnail(request: Request, image_id: ImageId, size: Side = "256", v: _Version = "") -> Response:
        """The picture drawn small, as a WebP in sRGB without metadata.

        Where its file is out of reach, the best that is kept of another size.
        """
        return await drawer.answer(request, image_id, int(size), v)

    @routes.get("/images/{image_id}/rendition", response_class=Response, responses=_RESPONSES)
    async def rendition(request: Request, image_id: ImageId, v: _Version = "") -> Response:
        """The picture with at most 2048 pixels a side, as a WebP: for formats that browsers do not show."""
        return await drawer.answer(request, image_id, RENDITION, v)

    return routes


class _Drawer:
    """Answers with pictures, in threads of its own. No route here is answered by the pool that questions share."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._looking = CapacityLimiter(_LOOKING)
        self._in_line, self._drawing = CapacityLimiter(_DRAWING), CapacityLimiter(_DRAWING)

    async def answer(self, request: Request, image_id: int, side: int, version: str) -> Response:
        """A picture, or that the browser has it already."""
        asked = partial(self._kept, image_id, side, version, request.headers.get("if-none-match", ""))
        found = await in_thread(asked, self._looking)
        if found is not None:
            return found
        await request.body()  # there is none; whether the client has left is said behind it
        async with self._in_line:
            if await request.is_disconnected():  # scrolled away while it stood in line
                return Response(status_code=204)
            return await in_thread(partial(self._drawn, image_id, side, version), self._drawing)

    def _kept(self, image_id: int, side: int, version: str, known: str) -> Response | None:
        with self._parts.held.library() as library:
            content_hash = library.pictures.content_hash(image_id)
            if content_hash is None:
                return None
            headers = _headers(content_hash, side, version)
            if headers["etag"] in known:
                return Response(status_code=304, headers=headers)
            kept = library.pictures.kept_thumbnail(content_hash, side)
        return None if kept is None else webp_response(kept, headers)

    def _drawn(self, image_id: int, side: int, version: str) -> Response:
        with told_of_files(), self._parts.held.library() as library:
            thumbnail = library.pictures.thumbnail(image_id, side)
            content_hash = library.pictures.content_hash(image_id)
        return webp_response(thumbnail, _headers(content_hash or b"", side, version))


async def in_thread(work: Callable[[], T], limiter: CapacityLimiter) -> T:
    """Done in one of the limiter's threads."""
    return await to_thread.run_sync(work, limiter=limiter)


def webp_response(thumbnail: Thumbnail, headers: dict[str, str]) -> Response:
    """The picture; one that stands in for another is not kept by the browser."""
    told = headers if thumbnail.as_asked else {"cache-control": "no-store"}
    return Response(thumbnail.webp, headers=told, media_type="image/webp")


def _headers(content_hash: bytes, side: int, version: str) -> dict[str, str]:
    """The address says which content it means, where it has the right version: such an answer never changes."""
    kept = {"": _A_WHILE, content_hash[:8].hex(): _FOR_GOOD}
    return {
        "etag": f'"{thumbnail_name(content_hash[:16], side)}"',
        "cache-control": kept.get(version, _ASK_AGAIN),
    }
