"""What a page needs to know of the library now and then: counts, folders out of reach, whether it is being indexed."""

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import Field

from core.errors import LibraryNotFound
from core.paths import display
from web.access.scopes import AskedBy, Scope
from web.api.models import Told
from web.api.places import Places, places_for
from web.parts import Parts

if TYPE_CHECKING:
    from db.records import RootState
    from semantic_image_search.glance import LibraryGlance

_COUNTS = ("pictures", "indexed", "waiting", "files", "offline", "missing", "problems", "ignored", "forgotten")


class CountsTold(Told):
    """As `search status --json` has them."""

    pictures: int
    indexed: int = Field(description="Pictures that can be found.")
    waiting: int = Field(description="Pictures that still have to be read.")
    files: int
    offline: int = Field(description="Files out of reach; still findable.")
    missing: int
    problems: int = Field(description="Files that could not be read.")
    ignored: int
    forgotten: int


class RootTold(Told):
    """A folder that is indexed."""

    path: str
    path_b64: str | None = None
    online: bool
    offline_reason: str | None = Field(description="null while it is online, and for visitors.")
    last_scan_at: str | None


class IndexingTold(Told):
    """Somebody indexes."""

    job: str | None = Field(description="The job of this server; null: it is a command line's, or asked by a visitor.")


class StatusTold(Told):
    """The library at this moment."""

    library: str = Field(description="Its folder; for visitors the folder's name.")
    model: str | None = Field(description="null: nothing was indexed yet.")
    counts: CountsTold
    roots: list[RootTold]
    notices: list[str] = Field(description="What its owner should know; none for visitors.")
    indexing: IndexingTold | None = Field(description="null: nobody indexes.")


def router(parts: Parts) -> APIRouter:
    """GET /status."""
    routes = APIRouter(tags=["server"])

    @routes.get("/status", response_model=StatusTold, response_model_exclude_unset=True)
    def status(scope: AskedBy) -> dict[str, Any]:
        """Cheap enough to be asked for every few seconds: when the counts change, there is something new to see."""
        is_owner = scope is Scope.OWNER
        told: dict[str, Any] = {
            "library": display(os.fsencode(parts.library if is_owner else parts.library.name)),
            "model": None,
            "counts": dict.fromkeys(_COUNTS, 0),
            "roots": [],
            "notices": [],
        }
        writing = None
        try:
            with parts.held.glance() as library:
                glance, places = library.glance(), places_for(library, scope)
        except LibraryNotFound:  # nothing was indexed yet
            pass
        else:
            told |= _told(glance, places, is_owner=is_owner)
            writing = glance.writing
        return told | {"indexing": _indexing(parts, writing, is_owner=is_owner)}

    return routes


def _told(glance: "LibraryGlance", places: Places, *, is_owner: bool) -> dict[str, Any]:
    return {
        "model": glance.model,
        "counts": {name: getattr(glance.counts, name) for name in _COUNTS},
        "roots": [_root(root, places, is_owner=is_owner) for root in glance.roots],
        "notices": list(glance.notices) if is_owner else [],
    }


def _root(root: "RootState", places: Places, *, is_owner: bool) -> dict[str, Any]:
    scanned = root.last_scan_at
    return {
        **places.shown(root.path),
        "online": root.online,
        "offline_reason": root.offline_reason if is_owner else None,
        "last_scan_at": None
        if scanned is None
        else datetime.fromtimestamp(scanned).astimezone().isoformat(timespec="seconds"),
    }


def _indexing(parts: Parts, writing: str | None, *, is_owner: bool) -> dict[str, str | None] | None:
    running = next((view for view in parts.jobs.views() if not view.ended), None)
    if running is not None:
        return {"job": running.id if is_owner else None}
    return {"job": None} if writing is not None and writing.split()[0] == "index" else None
