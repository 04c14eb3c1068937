"""POST /duplicates: what the library holds more than once. Only ever looks; nothing is deleted."""

from threading import BoundedSemaphore
from typing import Annotated, Literal

from fastapi import APIRouter, Body
from pydantic import Field

from core.duplicates import DuplicateFile, DuplicatesResult
from searcher.duplicates_json import duplicates_to_json, file_to_json, group_to_json
from searcher.jsonable import Json
from web.access.scopes import AskedBy
from web.api.models import Told, problems
from web.api.models_filters import Asked, FiltersAsked, Path
from web.api.places import Places, places_for
from web.parts import Parts
from web.problems import Problem

AT_ONCE = 2  # questions: each opens pictures, and searches must not wait for them
WAIT_S = 30.0

Kind = Literal["identical", "near_copy"]


class DuplicatesAsked(Asked):
    """Which duplicates, and how many groups of them."""

    kinds: list[Kind] = Field(["identical", "near_copy"], min_length=1, max_length=2)
    filters: FiltersAsked = Field(default_factory=FiltersAsked)
    k: int = Field(50, ge=1, le=200, description="Groups at most.")
    cursor: str | None = Field(None, max_length=100, description="`next_cursor` of the page before.")
    keep_in: list[Path] = Field([], max_length=20, description="Of files that are as good, those in here are kept.")


class DuplicateFileTold(Told):
    """A file of a group, and what sets it apart from the others."""

    image_id: int
    name: str
    path: str
    path_b64: str | None = None
    version: str = Field(description="For `v=` of its thumbnails; empty where the file was never read.")
    width: int | None
    height: int | None
    size_bytes: int | None
    format: str | None
    taken_at: str | None
    taken_source: str | None
    modified_at: str | None = Field(description="ISO 8601, UTC.")
    offline: bool
    copied: str | None = Field(alias="copy", description="`identical`, `recompressed`, `resized`, `cropped`; or null.")
    compared: str | None = Field(description="With the one to keep: `bytes`, `pixels`, or `fingerprints` alone.")
    largest: bool
    oldest: bool
    keep: bool


class DuplicateGroupTold(Told):
    """Files that are one picture; the one to keep comes first."""

    kind: Kind
    wasted_bytes: int
    why: str = Field(description="The first is the one to keep, in a few words.")
    files: list[DuplicateFileTold]


class DuplicatesTold(Told):
    """Groups, those that waste most first."""

    groups: list[DuplicateGroupTold]
    total_groups: int = Field(description="As indexed, before files were looked at.")
    wasted_bytes: int
    searched: int
    next_cursor: str | None
    notices: list[str]


EXAMPLES = {
    "all": {"summary": "The groups that waste most", "value": {"k": 20}},
    "one kind": {"summary": "Only files with the same bytes", "value": {"kinds": ["identical"], "k": 50}},
}


def router(parts: Parts) -> APIRouter:
    """POST /duplicates."""
    routes = APIRouter(tags=["duplicates"])
    turns = BoundedSemaphore(AT_ONCE)

    @routes.post(
        "/duplicates",
        response_model=DuplicatesTold,
        response_model_exclude_unset=True,
        responses=problems(s400="A folder, tag or cursor that there is not.", s503="Others are asking; try again."),
    )
    def duplicates(asked: Annotated[DuplicatesAsked, Body(openapi_examples=EXAMPLES)], scope: AskedBy) -> Json:
        """What the library holds more than once, and which file of each group to keep."""
        if not turns.acquire(timeout=WAIT_S):
            raise Problem(
                503, "busy", "others look for duplicates: try again in a moment", headers={"Retry-After": "10"}
            )
        try:
            with parts.held.library() as library:
                places = places_for(library, scope)
                result = library.duplicates(
                    kinds=asked.kinds,
                    filters=asked.filters.filters(places),
                    k=asked.k,
                    cursor=asked.cursor,
                    keep_in=[places.read(folder) for folder in asked.keep_in],
                )
                return _told(result, places)
        finally:
            turns.release()

    return routes


def _told(result: DuplicatesResult, places: Places) -> Json:
    return {
        **duplicates_to_json(result, places.shown),
        "groups": [
            {**group_to_json(group, places.shown), "files": [_file(one, places) for one in group.files]}
            for group in result.groups
        ],
    }


def _file(one: DuplicateFile, places: Places) -> Json:
    content = one.file.content_hash
    return {**file_to_json(one, places.shown), "version": "" if content is None else content[:8].hex()}
