"""Single pictures: what is known of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from core.pictures import Caption, Picture
from searcher.jsonable import Json, picture_to_json
from semantic_image_search.pictures import PictureDetail
from web.access.scopes import AskedBy, Scope
from web.api.answers import names_of
from web.api.models import problems
from web.api.models_filters import ImageId as AskedId
from web.api.models_filters import InFolders
from web.api.models_images import DetailTold, ImagesTold
from web.api.places import Places, places_for
from web.parts import Parts
from web.problems import Problem

MOST_IDS = 200
ImageId = Annotated[int, Path(ge=0, le=2**53, description="A picture's `image_id`.")]
"""As a parameter of a route."""

_Ids = Annotated[
    str,
    Query(
        pattern="^[0-9]{1,15}(,[0-9]{1,15})*$",
        max_length=16 * MOST_IDS,
        description=f"Up to {MOST_IDS} ids, commas between them.",
        examples=["1,2,3"],
    ),
]


class ImagesAsked(InFolders):
    """Which pictures, and by which of their files they are named."""

    ids: list[AskedId] = Field(min_length=1, max_length=MOST_IDS)


def router(parts: Parts) -> APIRouter:
    """GET and POST /images, GET /images/{id}."""
    routes = APIRouter(tags=["pictures"])

    @routes.get("/images", response_model=ImagesTold, response_model_exclude_unset=True)
    def images(ids: _Ids, scope: AskedBy) -> Json:
        """Pictures by their ids, in that order; unknown ids are left out."""
        wanted = [int(one) for one in ids.split(",")]
        if len(wanted) > MOST_IDS:
            raise Problem(422, "not_understood", f"at most {MOST_IDS} pictures are told of at once, not {len(wanted)}")
        return _pictures_told(parts, scope, wanted)

    @routes.post(
        "/images",
        response_model=ImagesTold,
        response_model_exclude_unset=True,
        responses=problems(s400="There is no such folder."),
    )
    def images_in(asked: ImagesAsked, scope: AskedBy) -> Json:
        """As GET, each named by its file in these folders, where one of several lies there: folders stand in no URL."""
        return _pictures_told(parts, scope, asked.ids, asked.folders)

    @routes.get(
        "/images/{image_id}",
        response_model=DetailTold,
        response_model_exclude_unset=True,
        responses=problems(s404="The library has no picture of this id."),
    )
    def image(image_id: ImageId, scope: AskedBy) -> Json:
        """All that is known of one picture."""
        with parts.held.library() as library:
            return _detail_told(library.pictures.detail(image_id), places_for(library, scope))

    return routes


def _pictures_told(parts: Parts, scope: Scope, ids: Sequence[int], folders: Sequence[str] = ()) -> Json:
    with parts.held.library() as library:
        places = places_for(library, scope)
        found = library.pictures.of(ids, folders=[places.read(folder) for folder in folders])
        return {"images": [picture_told(picture, places) for picture in found]}


def picture_told(picture: Picture, places: Places) -> Json:
    """A picture as hits show it."""
    return {**_common(picture, places), "offline": picture.offline}


def _common(picture: Picture, places: Places) -> Json:
    return {**places.shown(picture.path), **picture_to_json(picture), **names_of(picture)}


def _detail_told(detail: PictureDetail, places: Places) -> Json:
    picture, facts = detail.picture, detail.picture.facts
    best, *others = detail.files
    return {
        **_common(picture, places),
        "lens": facts.lens,
        "latitude": facts.latitude,
        "longitude": facts.longitude,
        "captions": [caption_told(caption) for caption in detail.captions],
        "offline": best.offline,
        "size_bytes": best.size,
        "format": facts.format if facts.width else None,
        "modified_at": _utc(best.mtime_ns),
        "other_paths": [{**places.shown(other.path), "offline": other.offline} for other in others],
        "content_hash": None if picture.content_hash is None else picture.content_hash.hex(),
    }


def caption_told(caption: Caption) -> Json:
    """A caption with where it comes from, and what the reranker thinks of it."""
    match = None if caption.match is None else round(caption.match, 4)
    return {
        "text": caption.text,
        "source": caption.source.value,
        "model": caption.model,
        "match": match,
        "kept": caption.kept,
    }


def _utc(mtime_ns: int | None) -> str | None:
    if mtime_ns is None or mtime_ns < 0:  # a file that is to be read anew has none that counts
        return None
    return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).isoformat()
