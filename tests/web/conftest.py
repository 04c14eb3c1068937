"""A small library served in this process, and clients of it: its owner, and a visitor who may only search.

    def test_it_finds_red(api: TestClient) -> None:
        found = api.post("/api/v1/search", json={"text": "red"}).json()

`serve_pictures` makes servers with other pictures, or with a reranker. Tests that change nothing had better take
`standing`, `standing_api` and `standing_visitor`: one server for all of them.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from starlette.testclient import TestClient

from semantic_image_search import Library, open_library
from semantic_image_search.warm.held import Held
from tests.fakes import COLOURS, FakeEncoder, FakeReranker
from web.access.scopes import Scope
from web.app import create_app
from web.beside.crowd import Beside
from web.parts import Parts, open_parts

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Send


@dataclass(frozen=True, slots=True)
class Served:
    """One library with its application, as `search serve` has it."""

    photos: Path  # the folder that was indexed
    library: Path
    encoder: FakeEncoder
    reranker: FakeReranker | None
    parts: Parts
    app: "ASGIApp"

    def client(self, scope: Scope) -> TestClient:
        """Somebody who asks; the server's bugs are raised here."""
        return TestClient(as_asked_by(scope, self.app), base_url="http://127.0.0.1:7117")

    def open(self) -> Library:
        """The same library opened a second time, to write to it meanwhile."""
        return open_library(self.library, model=self.encoder)

    def id_of(self, name: str) -> int:
        """The picture of the file `name` below the photos."""
        with self.parts.held.library() as library:
            return int(library.lookup(self.photos / name, k=1).hits[0].picture.image_id)


ServePictures = Callable[..., Served]
MakeBeside = Callable[[Path, Held], Beside]


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a window where somebody works."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve_pictures(tmp_path: Path) -> Iterator[ServePictures]:
    """Make a server: `serve_pictures({"red.png": (220, 30, 30)}, reranker=FakeReranker())`."""
    with ExitStack() as ends:

        def make(
            pictures: dict[str, tuple[int, int, int]] | None = None,
            *,
            reranker: FakeReranker | None = None,
            beside: MakeBeside | None = None,
        ) -> Served:
            served = serve_folder(tmp_path, coloured() if pictures is None else pictures, reranker, ends, beside)
            ends.callback(served.parts.held.let_go)
            return served

        yield make


@pytest.fixture
def served(serve_pictures: ServePictures) -> Served:
    """A picture of every colour, and "in/red too.png", the same file as "red.png"."""
    return serve_pictures()


@pytest.fixture
def api(served: Served) -> Iterator[TestClient]:
    """Its owner."""
    with served.client(Scope.OWNER) as client:
        yield client


@pytest.fixture
def visitor(served: Served) -> Iterator[TestClient]:
    """Who came with a link: may search, and see no whole paths."""
    with served.client(Scope.SEARCH) as client:
        yield client


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """As `served`, once for all tests that only ask."""
    folder = tmp_path_factory.mktemp("standing")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ends:
        patch.setenv("SEARCH_CONFIG", str(folder / "no-config.toml"))
        patch.setenv("SEARCH_RERANK_BUDGET_S", "0")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        served = serve_folder(folder, coloured(), None, ends)
        ends.callback(served.parts.held.let_go)
        with served.parts.held.library() as library:  # opened by these settings, and kept open
            library.search("red")
        yield served


@pytest.fixture(scope="session")
def standing_api(standing: Served) -> Iterator[TestClient]:
    """The owner of `standing`."""
    with standing.client(Scope.OWNER) as client:
        yield client


@pytest.fixture(scope="session")
def standing_visitor(standing: Served) -> Iterator[TestClient]:
    """A visitor of `standing`."""
    with standing.client(Scope.SEARCH) as client:
        yield client


def coloured() -> dict[str, tuple[int, int, int]]:
    """Names and colours of the pictures of `served`."""
    return {**{f"{name}.png": rgb for name, rgb in COLOURS.items()}, "in/red too.png": COLOURS["red"]}


def serve_folder(
    folder: Path,
    pictures: dict[str, tuple[int, int, int]],
    reranker: FakeReranker | None,
    ends: ExitStack,
    beside: MakeBeside | None = None,
) -> Served:
    photos = folder / "Photos"
    photos.mkdir()
    for name, rgb in pictures.items():
        (photos / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), rgb).save(photos / name)
    encoder = FakeEncoder()
    with open_library(folder / "library", model=encoder) as library:
        if pictures:
            assert library.index([photos]).added == len(pictures)
    held = Held(lambda: open_library(library.path, model=encoder, reranker=reranker), idle_s=0.0)
    parts = ends.enter_context(open_parts(library.path, held, beside=beside and beside(library.path, held)))
    return Served(photos, library.path, encoder, reranker, parts, create_app(parts))


def as_asked_by(scope: Scope, app: "ASGIApp") -> "ASGIApp":
    """The application, asked by somebody whom `web.access` gave this scope."""

    async def asked(request: "dict[str, object]", receive: "Receive", send: "Send") -> None:
        request.setdefault("state", {})["scope"] = scope  # type: ignore[index]
        await app(request, receive, send)

    return asked
