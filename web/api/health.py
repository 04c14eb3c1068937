"""Whether the server answers at all."""

from fastapi import APIRouter
from pydantic import BaseModel

from core.program import VERSION
from web.parts import Parts


class Health(BaseModel):
    """Says no more than that it is there: whoever can connect may ask."""

    status: str = "ok"
    version: str


def router(parts: Parts) -> APIRouter:
    """GET /health; says nothing of the library."""
    del parts
    routes = APIRouter(tags=["server"])

    @routes.get("/health")
    def health() -> Health:
        """Answers as soon as the server takes connections."""
        return Health(version=VERSION)

    return routes
