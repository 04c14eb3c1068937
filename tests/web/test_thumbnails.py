"""Thumbnails and renditions over HTTP."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.web.conftest import Served
from web.access.scopes import Scope

RED = (220, 30, 30)


def shown(webp: bytes) -> Image.Image:
    with Image.open(io.BytesIO(webp)) as image:
        assert image.format == "WEBP"
        return image.convert("RGB")


def near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


@pytest.fixture
def red(served: Served) -> int:
    return served.id_of("red.png")


@pytest.fixture
def path(red: int) -> str:
    return f"/api/v1/images/{red}/thumbnail"


@pytest.fixture(autouse=True)
def _ended(served: Served) -> Iterator[None]:
    yield
    served.parts.held.let_go()


def kept(served: Served) -> list[Path]:
    return sorted((served.library / "thumbnails").rglob("*.webp"))


def test_a_thumbnail_is_made_and_kept(api: TestClient, served: Served, path: str) -> None:
    first = api.get(path, params={"size": 128})
    assert first.headers["content-type"] == "image/webp"
    assert shown(first.content).size == (64, 48)  # never larger than the picture
    assert near(shown(first.content).getpixel((30, 20)), RED)
    (file,) = kept(served)
    assert file.read_bytes() == first.content
    assert file.name.startswith(file.parent.name)
    (served.photos / "red.png").unlink()
    (served.photos / "in/red too.png").unlink()
    assert api.get(path, params={"size": 128}).content == first.content


def test_what_the_browser_has_is_not_sent_again(api: TestClient, red: int, path: str) -> None:
    etag = api.get(path).headers["etag"]
    again = api.get(path, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert api.get(path, params={"size": 512}, headers={"if-none-match": etag}).status_code == 200

    version = api.get(f"/api/v1/images/{red}").json()["version"]
    assert "immutable" in api.get(path, params={"v": version}).headers["cache-control"]
    assert api.get(path).headers["cache-control"] == "private, max-age=60"
    assert api.get(path, params={"v": "0" * 16}).headers["cache-control"] == "private, no-cache"


def test_the_rendition_shows_at_most_2048_pixels(api: TestClient, served: Served) -> None:
    Image.new("RGB", (3000, 1000), RED).save(served.photos / "wide.png")
    with served.open() as library:
        library.index()
    webp = api.get(f"/api/v1/images/{served.id_of('wide.png')}/rendition").content
    assert shown(webp).size == (2048, 683)


def test_another_file_in_its_place_is_never_shown(api: TestClient, served: Served, path: str) -> None:
    for name in ("red.png", "in/red too.png"):
        (served.photos / name).unlink()
        (served.photos / name).symlink_to(served.photos / "blue.png")
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (409, "changed_since_indexed")
    assert kept(served) == []


def test_a_copy_elsewhere_serves_where_the_first_is_gone(api: TestClient, served: Served, path: str) -> None:
    (served.photos / "red.png").unlink()
    assert near(shown(api.get(path).content).getpixel((30, 20)), RED)


def test_out_of_reach_another_size_is_shown_and_not_kept_by_the_browser(
    api: TestClient, served: Served, path: str
) -> None:
    large = api.get(path, params={"size": 1024}).content
    for name in ("red.png", "in/red too.png"):
        (served.photos / name).unlink()
    answer = api.get(path, params={"size": 256})
    assert (answer.content, answer.headers["cache-control"]) == (large, "no-store")


def test_what_cannot_be_shown_is_a_problem(api: TestClient, served: Served, path: str) -> None:
    for name in ("red.png", "in/red too.png"):
        (served.photos / name).unlink()
    assert (api.get(path).status_code, api.get(path).json()["code"]) == (404, "out_of_reach")
    assert api.get("/api/v1/images/999999/thumbnail").json()["code"] == "unknown_picture"
    assert api.get(path, params={"size": 300}).status_code == 422


def test_forgotten_pictures_leave_no_thumbnail(api: TestClient, served: Served) -> None:
    blue = served.id_of("blue.png")
    assert api.get(f"/api/v1/images/{blue}/thumbnail").status_code == 200
    with served.open() as library:
        library.forget(served.photos / "blue.png")
    assert kept(served) == []
    assert api.get(f"/api/v1/images/{blue}/thumbnail").status_code == 404


@pytest.mark.parametrize("heard", [0, 1])
def test_nothing_is_drawn_for_who_has_left(
    served: Served, path: str, heard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that is scrolled fast gives up what it asked for before."""
    said: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        said.append({})
        return {"type": "http.request", "body": b""} if len(said) <= heard else {"type": "http.disconnect"}

    answered: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        answered.append(message)

    request = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "state": {"scope": Scope.OWNER},
    }
    asyncio.run(served.app(request, receive, send))  # type: ignore[arg-type]
    assert answered[0]["status"] == 204
    assert kept(served) == []
    assert capsys.readouterr().err == ""  # it is no bug
