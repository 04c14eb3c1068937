"""The page's own files, read once: HTML that is asked for anew each time, all else where its content says.

The address is relative, so that the page works below any path, and every file may be kept for ever: another version has
another address. What the page says and does is in `static/`; this says only how its files are handed out.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

STATIC = Path(__file__).with_name("static")

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""A file of another kind is not handed out."""

NO_MODULE = "js/theme.js"  # runs before anything is drawn

FOR_EVER = "public, max-age=31536000, immutable"
ANEW = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page, ready to be sent."""

    content: bytes
    packed: bytes  # gzip
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """All files of the page as they were when the server began."""

    digest: str  # of all of them; part of their address
    index: Asset
    assets: dict[str, Asset]  # by "js/app.js"


@cache
def read_page(folder: Path = STATIC) -> Page:
    """The page's files, with the digest written into the HTML's addresses."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES
    }
    digest = sha256(b"".join(name.encode() + content for name, content in found.items())).hexdigest()[:16]
    html = _with_preloads(found.pop("index.html"), found).replace(b'="static/', f'="static/{digest}/'.encode())
    assets = {name: _asset(content, Path(name).suffix) for name, content in found.items()}
    return Page(digest, _asset(html, ".html"), assets)


def router() -> APIRouter:
    """GET / and the files it asks for; none of them is behind a login, none of them says anything of the library."""
    routes, page = APIRouter(include_in_schema=False), read_page()

    @routes.api_route("/", methods=["GET", "HEAD"])
    def index(request: Request) -> Response:
        return _answer(request, page.index, ANEW)

    @routes.api_route("/static/{digest}/{name:path}", methods=["GET", "HEAD"])
    def static(request: Request, digest: str, name: str) -> Response:
        asset = page.assets.get(name)
        if asset is None:
            raise Problem(404, "not_found", "the page has no such file")
        return _answer(request, asset, FOR_EVER if digest == page.digest else ANEW)

    return routes


def _with_preloads(html: bytes, found: Iterable[str]) -> bytes:
    """Names every module in the HTML: the browser fetches them at once, and not each when an import names it."""
    modules = [name for name in found if name.startswith("js/") and name != NO_MODULE]
    links = "".join(f'  <link rel="modulepreload" href="static/{name}">\n' for name in modules)
    return html.replace(b"</head>", links.encode() + b"</head>")


def _asset(content: bytes, suffix: str) -> Asset:
    etag = f'"{sha256(content).hexdigest()[:16]}"'
    return Asset(content, gzip.compress(content, mtime=0), TYPES[suffix], etag)


def _answer(request: Request, asset: Asset, caching: str) -> Response:
    headers = {"ETag": asset.etag, "Cache-Control": caching, "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.content, headers=headers, media_type=asset.media_type)
    return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
