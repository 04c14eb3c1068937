"""The embedding spaces of the library: which models its pictures were seen by."""

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import Field

from web.api.models import Told
from web.parts import Parts

if TYPE_CHECKING:
    from semantic_image_search.status import SpaceStatus


class SpaceIndexTold(Told):
    """The vector index over a space's pictures."""

    structure: str
    built_rows: int
    recall_image: float | None = Field(description="recall@10 of queries by picture, measured when it was built.")
    recall_text: float | None = Field(description="recall@10 of queries by text.")
    tail_rows: int = Field(description="Newer pictures, searched exactly.")


class SpaceTold(Told):
    """What one model made of the pictures."""

    space: str
    model: str
    dim: int
    state: str = Field(description="`active`: it answers; `building`: it is being filled; `retired`: it was replaced.")
    indexed: int
    waiting: int
    captions: int = Field(description="Different caption texts that can be found.")
    index: SpaceIndexTold | None = Field(description="null: search is exact.")


class SpacesTold(Told):
    """The active one first."""

    spaces: list[SpaceTold]


def router(parts: Parts) -> APIRouter:
    """GET /spaces."""
    routes = APIRouter(tags=["server"])

    @routes.get("/spaces", response_model=SpacesTold)
    def spaces() -> dict[str, Any]:
        """Each model that pictures were indexed with, how far that has come, and how its space is searched."""
        with parts.held.library() as library:
            return {"spaces": [_told(one) for one in library.spaces()]}

    return routes


def _told(one: "SpaceStatus") -> dict[str, Any]:
    index = one.index.record
    return {
        "space": one.space.slug,
        "model": one.space.name,
        "dim": one.space.dim,
        "state": one.space.state.value,
        "indexed": one.counts.indexed,
        "waiting": one.counts.waiting,
        "captions": one.captions,
        "index": None
        if index is None
        else {
            "structure": index.structure,
            "built_rows": index.built_rows,
            "recall_image": index.recall_image,
            "recall_text": index.recall_text,
            "tail_rows": one.index.tail_rows,
        },
    }
