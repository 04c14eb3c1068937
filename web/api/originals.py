"""The pictures' own files: as they are, or a part of them, or without the place where they were taken."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, BinaryIO, Literal

from anyio import CapacityLimiter
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from semantic_image_search.pictures import FileWithoutLocation, Original
from web.api.images import ImageId
from web.api.models import problems
from web.api.thumbnails import in_thread
from web.file_names import disposition, type_of
from web.parts import Parts
from web.picture_problems import told_of_files
from web.ranges import Part, part_asked

_CHUNK = 256 * 1024
_READING = 8  # threads, beside those that answer questions
_REWRITING = 2  # whole files in memory

_Download = Annotated[bool, Query(description="Save it, under its name; else browsers show what they can.")]
_Location = Annotated[Literal["keep", "remove"], Query(description="What becomes of where it was taken.")]

_ANY_PICTURE: dict[str, Any] = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": _ANY_PICTURE, "description": "The file."},
    206: {"content": _ANY_PICTURE, "description": "The part asked for with `Range`."},
    304: {"description": "What the browser has is still right."},
    **problems(
        s404="No picture of this id, or its file is out of reach.",
        s409="Another file lies in its place: index again.",
        s413="The file is too large to be rewritten.",
        s416="The file has no such part.",
        s422="Its file cannot be decoded.",
        s503="Decoding takes too long.",
    ),
}


def router(parts: Parts) -> APIRouter:
    """GET /images/{id}/original."""
    routes = APIRouter(tags=["pictures"])
    reading, rewriting = CapacityLimiter(_READING), CapacityLimiter(_REWRITING)

    @routes.get("/images/{image_id}/original", response_class=Response, responses=_RESPONSES)
    async def original(
        request: Request, image_id: ImageId, location: _Location = "keep", download: _Download = False
    ) -> Response:
        """The picture's own file, byte for byte as it was indexed; `Range` gives a part of it.

        With `location=remove` it comes without the place where it was taken, whole, and with the same pixels; only
        where that cannot be done (JPEG 2000, damaged files) it is drawn anew as a JPEG.
        """
        if location == "remove":
            rewritten = await in_thread(partial(_rewrite, parts, image_id), rewriting)
            return _without_location(rewritten, download=download)
        found = await in_thread(partial(_open, parts, image_id), reading)
        try:
            return _answer(request, found, reading, download=download)
        except BaseException:
            found.file.close()
            raise

    return routes


def _open(parts: Parts, image_id: int) -> Original:
    with told_of_files(), parts.held.library() as library:
        return library.pictures.open_original(image_id)


def _rewrite(parts: Parts, image_id: int) -> FileWithoutLocation:
    with told_of_files(), parts.held.library() as library:
        return library.pictures.without_location(image_id)


def _without_location(found: FileWithoutLocation, *, download: bool) -> Response:
    rewritten = found.rewritten
    kind = type_of(rewritten.format)
    headers = {
        "cache-control": "private, no-cache",
        "content-disposition": disposition(
            found.path, saved=download or not kind.shown, ending=kind.ending if rewritten.anew else None
        ),
        "x-content-type-options": "nosniff",
    }
    return Response(rewritten.data, headers=headers, media_type=kind.media_type)


def _answer(request: Request, found: Original, reading: CapacityLimiter, *, download: bool) -> Response:
    kind, etag = type_of(found.format), f'"{found.content_hash.hex()}"'
    headers = {
        "etag": etag,
        "cache-control": "private, no-cache",
        "accept-ranges": "bytes",
        "content-disposition": disposition(found.path, saved=download or not kind.shown),
        "x-content-type-options": "nosniff",
    }
    if etag in request.headers.get("if-none-match", ""):
        found.file.close()
        return Response(status_code=304, headers=headers)
    part = _part(request, found, etag)
    whole = part or Part(0, found.size)
    headers["content-length"] = str(whole.length)
    if part is not None:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{found.size}"
    body = _chunks(found.file, whole, reading)
    return StreamingResponse(body, 200 if part is None else 206, headers=headers, media_type=kind.media_type)


def _part(request: Request, found: Original, etag: str) -> Part | None:
    """What `Range` asks for, where `If-Range` does not say that it is a part of something else."""
    if request.headers.get("if-range", etag) != etag:
        return None
    return part_asked(request.headers.get("range", ""), found.size)


async def _chunks(file: BinaryIO, part: Part, reading: CapacityLimiter) -> AsyncIterator[bytes]:
    left = part.length
    try:
        file.seek(part.start)
        while left and (chunk := await in_thread(partial(file.read, min(left, _CHUNK)), reading)):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()
