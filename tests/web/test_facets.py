"""POST /facets: what can be chosen, and folders only as whoever asks may know them."""

from starlette.testclient import TestClient

from tests.web.conftest import Served


def test_what_the_library_can_be_narrowed_down_by(api: TestClient, served: Served) -> None:
    with served.open() as library:
        library.tags.add(["favourite"], paths=[served.photos / "in"])
    told = api.post("/api/v1/facets", json={}).json()
    everything = told["total"]
    assert told["orientations"] == [{"name": "landscape", "count": everything}]
    assert told["formats"] == [{"name": "png", "count": everything}]
    assert told["tags"] == [{"name": "favourite", "count": 1}]
    assert told["dates"]["unit"] == "day"
    assert sum(part["count"] for part in told["dates"]["bins"]) == everything
    assert told["folders"] == [
        {"path": str(served.photos), "name": "Photos", "count": everything},
        {"path": str(served.photos / "in"), "name": "in", "count": 1},
    ]
    narrowed = api.post("/api/v1/facets", json={"filters": {"tags": ["favourite"]}}).json()
    assert narrowed["total"] == 1
    assert narrowed["tags"] == told["tags"]
    assert narrowed["orientations"] == [{"name": "landscape", "count": 1}]


def test_a_visitor_sees_folders_from_their_own_name_on(standing_visitor: TestClient, standing: Served) -> None:
    told = standing_visitor.post("/api/v1/facets", json={"filters": {"folders": ["Photos/in"]}}).json()
    assert [folder["path"] for folder in told["folders"]] == ["Photos", "Photos/in"]
    assert told["total"] == 1
    assert str(standing.photos.parent) not in str(told)
