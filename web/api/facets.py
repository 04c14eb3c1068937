"""What the pictures that pass some filters can be narrowed down by, counted."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from core.paths import is_at_or_below
from web.access.scopes import AskedBy
from web.api.models import Told, problems
from web.api.models_filters import Asked, FiltersAsked
from web.api.packed import pack, packed_response
from web.api.places import Places, places_for
from web.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.browsing import Dates, Facets, FolderCount, NameCount


class FacetsAsked(Asked):
    """Which pictures; each facet is counted under all filters but its own."""

    filters: FiltersAsked = FiltersAsked()


class DateBinTold(Told):
    """A year, month or day with pictures in it."""

    first: str = Field(alias="from", description="Its first day.")
    before: str = Field(description="The first day after it.")
    count: int


class DatesTold(Told):
    """When pictures were taken."""

    unit: str = Field(description="`year`, `month` or `day`: what a bin is.")
    bins: list[DateBinTold] = Field(description="Ascending; those without a picture are left out.")
    unknown: int = Field(description="Pictures whose time is not known.")


class FolderTold(Told):
    """A folder; from each indexed one down, those between are there, too."""

    path: str
    path_b64: str | None = None
    name: str
    count: int = Field(description="Pictures in it or anywhere below.")


class NameTold(Told):
    """Something that a filter goes by."""

    name: str
    count: int


class PlaceTold(Told):
    """A circle around neighbouring pictures; each is counted in one."""

    latitude: float
    longitude: float
    radius_km: float = Field(description="To the farthest of them; it may also touch pictures of a neighbour.")
    count: int


class FacetsTold(Told):
    """What can be chosen, and how many pictures there would be. Those with most come first, folders by path."""

    total: int = Field(description="Pictures that pass all filters.")
    dates: DatesTold
    folders: list[FolderTold]
    cameras: list[NameTold]
    places: list[PlaceTold]
    tags: list[NameTold]
    formats: list[NameTold]
    orientations: list[NameTold]


EXAMPLES = {
    "everything": {"summary": "Of everything", "value": {}},
    "a year": {
        "summary": "Of one year",
        "value": {"filters": {"taken_from": "2019-01-01", "taken_before": "2020-01-01"}},
    },
}


def router(parts: Parts) -> APIRouter:
    """POST /facets."""
    routes = APIRouter(tags=["pictures"])

    @routes.post("/facets", responses={200: {"model": FacetsTold}, **problems(s400="A filter makes no sense.")})
    def facets(
        request: Request, scope: AskedBy, asked: Annotated[FacetsAsked, Body(openapi_examples=EXAMPLES)]
    ) -> Response:
        """Dates as a histogram, folders, cameras, places, tags, formats and orientations of the pictures that pass."""
        with parts.held.library() as library:
            places = places_for(library, scope)
            found = library.facets(filters=asked.filters.filters(places))
        return packed_response(request, pack(_told(found, places)))

    return routes


def _told(found: "Facets", places: Places) -> dict[str, object]:
    return {
        "total": found.total,
        "dates": _dates(found.dates),
        "folders": _folders(found.folders, places),
        "cameras": _names(found.cameras),
        "places": [
            {"latitude": one.latitude, "longitude": one.longitude, "radius_km": one.radius_km, "count": one.count}
            for one in found.places
        ],
        "tags": _names(found.tags),
        "formats": _names(found.formats),
        "orientations": [{"name": one.orientation.value, "count": one.count} for one in found.orientations],
    }


def _dates(dates: "Dates") -> dict[str, object]:
    bins = [{"from": one.start.isoformat(), "before": one.before.isoformat(), "count": one.count} for one in dates.bins]
    return {"unit": dates.unit.value, "bins": bins, "unknown": dates.unknown}


def _folders(folders: "Sequence[FolderCount]", places: Places) -> list[dict[str, object]]:
    """A visitor is told of those that he could name: what lies at or below an indexed folder."""
    told: list[dict[str, object]] = []
    for one in folders:
        if places.whole or any(is_at_or_below(one.path, indexed) for _, indexed in places.folders):
            shown = places.shown(one.path)
            told.append({**shown, "name": shown["path"].rsplit("/", 1)[-1] or "/", "count": one.count})
    return told


def _names(names: "Sequence[NameCount]") -> list[dict[str, object]]:
    return [{"name": one.name, "count": one.count} for one in names]
