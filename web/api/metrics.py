"""Numbers for Prometheus, for the owner only: it says how much is asked, though never what."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from web.access.scopes import OwnerOnly
from web.metrics import exposition
from web.parts import Parts


def router(parts: Parts) -> APIRouter:
    """GET /metrics."""
    routes = APIRouter(tags=["server"], dependencies=[OwnerOnly])

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text format."}},
    )
    def metrics() -> Response:
        """Requests and their times by route, index jobs, pictures, bytes on disk, and what the process takes."""
        return Response(exposition(parts), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes
