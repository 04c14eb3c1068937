"""An API whose answers are made up, for what a real library cannot show at will: a million pictures, late answers, none."""

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request, Route

from web.page import read_page

ADDRESS = "http://page.test/"
API = f"{ADDRESS}api/v1/"

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
_SESSION = {"scope": "search", "version": "0", "library": "made up", "model": "none", "features": {}, "base_path": ""}
_FACETS = ("folders", "cameras", "places", "tags", "formats", "orientations")


def record(image_id: int) -> dict[str, object]:
    """What /images says of a picture; all are 3:2."""
    return {
        "image_id": image_id,
        "path": f"Photos/{image_id}.jpg",
        "name": f"{image_id}.jpg",
        "version": "1",
        "width": 300,
        "height": 200,
        "taken_at": None,
        "taken_source": None,
        "camera": None,
        "captions": [],
        "tags": [],
        "offline": False,
    }


def answer(*image_ids: int, match: float | None = None, cursor: str | None = None) -> dict[str, object]:
    """An answer with these hits."""
    more = {"score": 0.3, "alike": [], "match": match, "reranked": None, "matched_words": []}
    return {
        "query": "",
        "searched": 1000,
        "took_ms": {"total": 1.0},
        "hits": [{"rank": rank, **record(one), **more} for rank, one in enumerate(image_ids, start=1)],
        "nearest": [],
        "reranked": 0,
        "notices": [],
        "next_cursor": cursor,
    }


@dataclass
class FakeApi:
    """Answers every request of a page; `fake.open(page)` shows it."""

    pictures: int = 50  # that are browsed, a hundred a day
    search: Callable[[dict[str, object]], list[dict[str, object]]] = lambda _: [answer()]  # what each event answers
    gone: bool = False  # nothing answers
    asked: list[str] = field(default_factory=list)  # paths below the API, thumbnails left out

    def open(self, page: Page, fragment: str = "") -> None:
        page.route("**/*", self._route)
        page.goto(ADDRESS + fragment)

    def _route(self, route: Route) -> None:
        url = route.request.url
        if not url.startswith(API):
            _static(route, urlsplit(url).path)
        elif self.gone:
            route.abort("connectionrefused")
        else:
            self._answer(route, urlsplit(url).path.removeprefix("/api/v1/"))

    def _answer(self, route: Route, path: str) -> None:
        if path.endswith("/thumbnail"):
            route.fulfill(body=_PIXEL, content_type="image/png")
            return
        self.asked.append(path)
        if path == "search":
            _stream(route, self.search(_body(route.request)))
        elif path in _ANSWERS:
            route.fulfill(json=_ANSWERS[path](self, route.request))
        else:
            route.fulfill(status=404, json={"status": 404, "code": "not_found", "detail": path})

    def browse(self) -> dict[str, object]:
        ids = list(range(1, self.pictures + 1))
        days = [[_day(at), at] for at in range(0, self.pictures, 100)]
        return {"total": self.pictures, "ids": ids, "ratios": [1500] * self.pictures, "days": days}


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(1_700_000_000 - at // 100 * 86_400))


def _static(route: Route, path: str) -> None:
    page = read_page()
    name = re.sub(r"^/static/[0-9a-f]+/", "", path)
    asset = page.index if path == "/" else page.assets.get(name)
    if asset is None:
        route.fulfill(status=404)
    else:
        route.fulfill(body=asset.content, content_type=asset.media_type)


def _body(request: Request) -> dict[str, object]:
    return json.loads(request.post_data or "{}")


def _stream(route: Route, answers: list[dict[str, object]]) -> None:
    if "ndjson" not in route.request.headers["accept"]:
        route.fulfill(json=answers[-1])
        return
    events = [{"event": event, "answer": one} for event, one in zip(("vectors", "reranked"), answers, strict=False)]
    lines = [json.dumps(event) for event in [*events, {"event": "done"}]]
    route.fulfill(body="\n".join(lines) + "\n", content_type="application/x-ndjson")


def _images(_: FakeApi, request: Request) -> dict[str, object]:
    ids = parse_qs(urlsplit(request.url).query)["ids"][0].split(",")
    return {"images": [record(int(one)) for one in ids]}


def _status(fake: FakeApi, _: Request) -> dict[str, object]:
    return {"counts": {"pictures": fake.pictures, "indexed": fake.pictures}, "roots": [], "indexing": None}


def _facets(fake: FakeApi, _: Request) -> dict[str, object]:
    dates = {"unit": "year", "bins": [], "unknown": 0}
    return {"total": fake.pictures, "dates": dates, **{name: [] for name in _FACETS}}


_ANSWERS: dict[str, Callable[[FakeApi, Request], dict[str, object]]] = {
    "session": lambda *_: _SESSION,
    "health": lambda *_: {"status": "ok"},
    "tags": lambda *_: {"tags": []},
    "browse": lambda fake, _: fake.browse(),
    "images": _images,
    "status": _status,
    "facets": _facets,
}
