"""The application put together: every router, what stands before them, and how errors are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.program import VERSION
from web.api import (
    browse,
    captions,
    describe,
    duplicates,
    facets,
    health,
    images,
    jobs,
    lookup,
    metrics,
    originals,
    reveal,
    search,
    session,
    spaces,
    status,
    tags,
    thumbnails,
    uploads,
)
from web.metrics import Measured
from web.openapi import describe_api, operation_id
from web.page import router as page
from web.problems import tell_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter, FastAPI

    from web.parts import Parts

API = "/api/v1"

ROUTERS: tuple[Callable[[Parts], APIRouter], ...] = (
    health.router,
    session.router,
    search.router,
    lookup.router,
    describe.router,
    images.router,
    thumbnails.router,
    originals.router,
    reveal.router,
    uploads.router,
    browse.router,
    facets.router,
    status.router,
    spaces.router,
    jobs.router,
    metrics.router,
    tags.router,
    captions.router,
    duplicates.router,
)
"""Each makes the routes of one thing, below API."""


def create_app(parts: Parts) -> FastAPI:
    """The ASGI application of one library."""
    from fastapi import FastAPI

    app = FastAPI(
        title="search",
        version=VERSION,
        docs_url=None,  # these load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # an address is right or wrong
        openapi_url=f"{API}/openapi.json",
        generate_unique_id_function=operation_id,
    )
    for make in ROUTERS:
        app.include_router(make(parts), prefix=API)
    app.include_router(page())
    tell_problems(app)
    app.add_middleware(Measured, metrics=parts.metrics)
    describe_api(app)
    return app
