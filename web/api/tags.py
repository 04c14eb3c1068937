"""What pictures are filed under: which tags there are, and, for the owner, giving and taking them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import Field

from core.tags import LONGEST_NAME
from searcher.jsonable import tag_to_json
from web.access.scopes import OwnerOnly
from web.api.images import ImageId
from web.api.models import TagTold, Told, problems
from web.api.models_filters import Asked
from web.parts import Parts

_MOST_NAMES = 100
_Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]],
    Field(default_factory=list, max_length=_MOST_NAMES),
]


class TagsAsked(Asked):
    """What to give and to take; a name that is in both stays."""

    add: _Names
    remove: _Names


class TagsOfPicture(Told):
    """The tags that a picture has now: those that a person gave by name, then the others, the most probable first."""

    tags: list[TagTold]


class TagSourceTold(Told):
    """Where some of a tag's pictures got it from."""

    source: str = Field(description="`user`, or a set of labels.")
    model: str | None = Field(description="That found it; null: a person gave it.")
    pictures: int


class TagCountTold(Told):
    """A tag that pictures have."""

    name: str
    pictures: int = Field(description="Each once, from however many sources it has the tag.")
    sources: list[TagSourceTold]


class TagsTold(Told):
    """By name."""

    tags: list[TagCountTold]


EXAMPLES = {
    "give": {"summary": "Give one", "value": {"add": ["holiday"]}},
    "change": {"summary": "Give one, take one", "value": {"add": ["dog"], "remove": ["cat"]}},
}


def router(parts: Parts) -> APIRouter:
    """GET /tags; POST /images/{id}/tags."""
    routes = APIRouter(tags=["tags"])

    @routes.get("/tags", response_model=TagsTold)
    def tags() -> dict[str, Any]:
        """Every tag that pictures have, and from whom."""
        with parts.held.library() as library:
            found = library.tags.list()
        return {
            "tags": [
                {
                    "name": tag.name,
                    "pictures": tag.pictures,
                    "sources": [
                        {"source": one.source, "model": one.model, "pictures": one.pictures} for one in tag.sources
                    ],
                }
                for tag in found
            ]
        }

    @routes.post(
        "/images/{image_id}/tags",
        dependencies=[OwnerOnly],
        response_model=TagsOfPicture,
        responses=problems(
            s400="A name that is none.",
            s404="The library has no picture of this id.",
            s409="Somebody else is writing to the library.",
        ),
    )
    def change(image_id: ImageId, asked: Annotated[TagsAsked, Body(openapi_examples=EXAMPLES)]) -> dict[str, Any]:
        """Give a picture tags, and take others off; the picture's file is not touched."""
        with parts.held.library() as library:
            library.tags.change(image_id, add=asked.add, remove=asked.remove)
            facts = library.pictures.detail(image_id).picture.facts
        return {"tags": [tag_to_json(tag) for tag in facts.tags]}

    return routes
