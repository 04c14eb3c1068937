"""Every route there is, also those that come later: who may not, may not; and no answer to a visitor names a whole path."""

import re
from collections.abc import Iterator

import pytest

from tests.web.attacks.conftest import Door

OWNERS = {
    ("GET", "/metrics"),
    ("POST", "/images/{image_id}/tags"),
    ("POST", "/images/{image_id}/reveal"),
    ("POST", "/jobs"),
    ("GET", "/jobs"),
    ("GET", "/jobs/{job_id}"),
    ("GET", "/jobs/{job_id}/events"),
    ("DELETE", "/jobs/{job_id}"),
}
FOR_ALL = {("GET", "/health"), ("GET", "/session"), ("POST", "/session"), ("DELETE", "/session")}
BODIES = {
    "/search": {"text": "red"},
    "/lookup": {"image_id": 1},
    "/describe": {"image_id": 1},
    "/label": {"image_id": 1},
    "/duplicates": {"kinds": ["identical"]},
    "/images/{image_id}/tags": {"add": ["x"]},
    "/jobs": {"kind": "index"},
}


@pytest.fixture(scope="session")
def routes(_door: Door) -> list[tuple[str, str]]:
    """Method and path below the API, as its own description has them."""
    described = _door.client().get("/openapi.json").json()["paths"]
    return [(method.upper(), path.removeprefix("/api/v1")) for path, methods in described.items() for method in methods]


def filled(path: str) -> str:
    path = path.replace("{upload}", "u_0").replace("{job_id}", "0")
    return re.sub(r"\{\w+\}", "1", path) + ("?ids=1,2" if path == "/images" else "")


def others(routes: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return (route for route in routes if route not in FOR_ALL)


def test_there_are_no_routes_that_nobody_thought_of(routes: list[tuple[str, str]]) -> None:
    assert set(routes) >= FOR_ALL | OWNERS
    assert len(routes) > 25


def test_without_a_token_no_route_answers(door: Door, routes: list[tuple[str, str]]) -> None:
    client = door.window.client()
    for method, path in others(routes):
        assert client.request(method, filled(path), json=BODIES.get(path)).json()["code"] == "token_needed", path


def test_another_site_can_ask_no_route(door: Door, routes: list[tuple[str, str]]) -> None:
    client = door.client()
    for method, path in routes:
        said = client.request(method, filled(path), json=BODIES.get(path), headers={"Origin": "http://evil.example"})
        assert said.json()["code"] == "foreign_origin", path


def test_a_visitor_may_ask_what_is_not_the_owners_and_sees_no_whole_path(
    door: Door, routes: list[tuple[str, str]]
) -> None:
    visitor = door.window.signed_in()
    whole = str(door.served.photos.parent)
    for method, path in others(routes):
        said = visitor.request(method, filled(path), json=BODIES.get(path, {}) if method == "POST" else None)
        refused = said.status_code == 403
        assert refused == ((method, path) in OWNERS), (method, path, said.text[:200])
        assert not refused or said.json()["code"] == "owner_only"
        assert said.status_code != 500, path
        assert whole.encode() not in said.content, path


def test_the_owner_sees_whole_paths(door: Door) -> None:
    """So that the test above can fail."""
    found = door.client().post("/search", json={"text": "red"}).json()["hits"][0]
    assert found["path"].startswith(str(door.served.photos))
