"""Pictures to ask with: sent once, named in questions, forgotten after a quarter of an hour."""

from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from web.access.bodies import UPLOAD_BYTES
from web.access.holders import holder_of
from web.api.models import Told, problems
from web.api.thumbnails import WEBP, Side, in_thread
from web.parts import Parts
from web.picture_problems import told_of_uploads
from web.uploads.reading import Reading

_READ_BYTES = 4 * UPLOAD_BYTES  # by all clients at once
_READ_EACH = 2 * UPLOAD_BYTES  # by one of them
_AT_ONCE = 8  # threads that wait for workers

UploadName = Annotated[str, Path(pattern="^u_[A-Za-z0-9_-]{1,64}$", description="The `upload` of the answer to POST.")]

_PICTURE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_FORM: dict[str, Any] = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The picture's bytes, or a form with the field `file`; up to {UPLOAD_BYTES >> 20} MB.",
        "content": {"image/*": _PICTURE, "application/octet-stream": _PICTURE, "multipart/form-data": _FORM},
    }
}

_REFUSED = problems(
    s413="Too many bytes or pixels.",
    s415="It is no picture that can be read.",
    s422="It is damaged, or the form has no field `file`.",
    s503="Too much is being sent at once, or decoding takes too long.",
)
_DRAWN = {**WEBP, **problems(s404="It is not here any more.", s503="Decoding takes too long.")}


class UploadTold(Told):
    """An upload that is kept."""

    upload: str = Field(description="Its name, for questions.", examples=["u_q8Yy2o1n5mWc0V5xJmQxgA"])
    width: int = Field(description="Pixels, as shown.")
    height: int
    format: str = Field(description="`jpeg`, `png`, `heif`, …")
    expires_in_s: int = Field(description="After its last use.")


def router(parts: Parts) -> APIRouter:
    """POST /uploads, GET /uploads/{id}/thumbnail, DELETE /uploads/{id}."""
    routes = APIRouter(tags=["questions"])
    reading, waiting = Reading(_READ_BYTES, most_each=_READ_EACH), CapacityLimiter(_AT_ONCE)

    @routes.post("/uploads", status_code=201, openapi_extra=_BODY, responses=_REFUSED)
    async def upload(request: Request) -> UploadTold:
        """Send a picture to ask with. It is kept in memory only, under a name that nobody can guess."""
        holder = holder_of(request)
        data = await reading.picture(request, holder.client)
        with told_of_uploads():
            kept = await in_thread(partial(parts.uploads.add, data, holder), waiting)
        return UploadTold(
            upload=kept.id,
            width=kept.width,
            height=kept.height,
            format=kept.format,
            expires_in_s=int(parts.uploads.kept_s),
        )

    @routes.get("/uploads/{upload}/thumbnail", response_class=Response, responses=_DRAWN)
    async def thumbnail(upload: UploadName, size: Side = "256") -> Response:
        """An upload drawn small."""
        with told_of_uploads():
            webp = await in_thread(partial(parts.uploads.thumbnail, upload, int(size)), waiting)
        return Response(webp, headers={"cache-control": "private, max-age=900"}, media_type="image/webp")

    @routes.delete("/uploads/{upload}", status_code=204)
    def forget(upload: UploadName) -> None:
        """Forget an upload now; nothing happens where it is gone already."""
        parts.uploads.remove(upload)

    return routes
