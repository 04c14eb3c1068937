"""All pictures that pass some filters, in the order of time, in one compact answer."""

from threading import Lock
from typing import TYPE_CHECKING, Annotated, Literal
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from core.browsing import TimeOrder
from web.access.scopes import AskedBy
from web.api.models import Told, problems
from web.api.models_filters import Asked, FiltersAsked
from web.api.packed import pack, packed_response
from web.api.places import places_for
from web.parts import Parts

if TYPE_CHECKING:
    from core.browsing import Browsed


class BrowseAsked(Asked):
    """Which pictures, and which of them first."""

    filters: FiltersAsked = FiltersAsked()
    order: Literal["newest", "oldest"] = "newest"


_Day = Annotated[
    list[str | int], Field(min_length=2, max_length=2, description="The day, and the first of its pictures.")
]


class BrowseTold(Told):
    """All pictures that pass: `ids[i]` is as wide and high as `ratios[i]` says. Times not known come last."""

    total: int
    ids: list[int]
    ratios: list[int] = Field(description="1000 times width by height, as shown; 0: not known.")
    days: list[_Day] = Field(description='Where each day begins among them; "": the time is not known.')


EXAMPLES = {
    "everything": {"summary": "Everything, the newest first", "value": {}},
    "a folder": {"summary": "A folder", "value": {"filters": {"folders": ["/home/me/Pictures"]}, "order": "oldest"}},
}


def router(parts: Parts) -> APIRouter:
    """POST /browse."""
    routes = APIRouter(tags=["pictures"])
    answers = _PackedAnswers()

    @routes.post("/browse", responses={200: {"model": BrowseTold}, **problems(s400="A filter makes no sense.")})
    def browse(
        request: Request, scope: AskedBy, asked: Annotated[BrowseAsked, Body(openapi_examples=EXAMPLES)]
    ) -> Response:
        """All pictures that pass, at once and compact: a page lays out 100,000 of them without asking again."""
        with parts.held.library() as library:
            filters = asked.filters.filters(places_for(library, scope))
            found = library.browse(filters=filters, order=TimeOrder(asked.order))
            return packed_response(request, answers.of(found))

    return routes


class _PackedAnswers:
    """Answers as long as the library keeps what they were made from: it gives the same object to who asks again."""

    def __init__(self) -> None:
        self._packed: WeakKeyDictionary[Browsed, bytes] = WeakKeyDictionary()
        self._lock = Lock()

    def of(self, found: "Browsed") -> bytes:
        """The answer that these pictures are; made one at a time: a million take 100 MB meanwhile."""
        with self._lock:
            known = self._packed.get(found)
            if known is None:
                known = self._packed[found] = pack(told(found))
            return known


def told(found: "Browsed") -> dict[str, object]:
    """As `BrowseTold` has it."""
    return {
        "total": len(found),
        "ids": found.images.tolist(),
        "ratios": found.ratios.tolist(),
        "days": [("" if day is None else day.isoformat(), start) for day, start in found.days],
    }
