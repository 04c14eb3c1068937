"""What is said of a picture."""

from typing import Any

from fastapi import APIRouter

from web.api.images import ImageId, caption_told
from web.api.models import Told, problems
from web.api.models_images import CaptionTold
from web.parts import Parts


class CaptionsTold(Told):
    """All captions of a picture, the oldest first; also those judged not to fit."""

    captions: list[CaptionTold]


def router(parts: Parts) -> APIRouter:
    """GET /images/{id}/captions."""
    routes = APIRouter(tags=["pictures"])

    @routes.get(
        "/images/{image_id}/captions",
        response_model=CaptionsTold,
        responses=problems(s404="The library has no picture of this id."),
    )
    def captions(image_id: ImageId) -> dict[str, Any]:
        """The captions of one picture: those that came with its file, were imported, or a model wrote."""
        with parts.held.library() as library:
            return {"captions": [caption_told(one) for one in library.pictures.detail(image_id).captions]}

    return routes
