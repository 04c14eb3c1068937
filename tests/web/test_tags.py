"""Tags and captions of pictures over the wire."""

import pytest
from starlette.testclient import TestClient

from db import open_writer
from tests.web.conftest import Served


def names(answer: dict[str, list[dict[str, object]]]) -> list[object]:
    return [tag["name"] for tag in answer["tags"]]


def test_tags_come_and_go(api: TestClient, visitor: TestClient, served: Served) -> None:
    route = f"/api/v1/images/{served.id_of('red.png')}/tags"
    told = api.post(route, json={"add": ["Strand", "雪"]}).json()
    assert told["tags"][0] == {"name": "Strand", "source": "user", "model": None, "score": None}
    assert names(told) == ["Strand", "雪"]
    api.post(f"/api/v1/images/{served.id_of('blue.png')}/tags", json={"add": ["strand"]})
    assert visitor.get("/api/v1/tags").json()["tags"][0] == {
        "name": "Strand",
        "pictures": 2,
        "sources": [{"source": "user", "model": None, "pictures": 2}],
    }
    assert visitor.post("/api/v1/browse", json={"filters": {"tags": ["STRAND", "雪"]}}).json()["total"] == 1
    assert names(api.post(route, json={"remove": ["strand"]}).json()) == ["雪"]
    assert names(api.post(route, json={"remove": ["strand", "nothing"]}).json()) == ["雪"]  # it is not missed
    assert names(api.post(route, json={"add": ["雪", "x"], "remove": ["雪"]}).json()) == ["x", "雪"]
    assert names(api.get("/api/v1/tags").json()) == ["Strand", "x", "雪"]


@pytest.mark.parametrize(
    ("body", "status"),
    [({"add": ["a\x00b"]}, 400), ({"add": ["  "]}, 400), ({"add": ["x" * 101]}, 422), ({"give": ["x"]}, 422)],
)
def test_what_is_no_tag_changes_nothing(
    standing_api: TestClient, standing: Served, body: dict[str, list[str]], status: int
) -> None:
    route = f"/api/v1/images/{standing.id_of('red.png')}/tags"
    assert standing_api.post(route, json=body | {"remove": []}).status_code == status
    assert standing_api.get("/api/v1/tags").json() == {"tags": []}


def test_who_may_change_tags_and_when(api: TestClient, visitor: TestClient, served: Served) -> None:
    route = f"/api/v1/images/{served.id_of('red.png')}/tags"
    assert visitor.post(route, json={"add": ["x"]}).status_code == 403
    unknown = api.post("/api/v1/images/987654/tags", json={"add": ["x"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_picture")
    with open_writer(served.library, command="index"):
        assert api.post(route, json={"add": ["x"]}).json()["code"] == "library_locked"


def test_captions(api: TestClient, visitor: TestClient, served: Served) -> None:
    with served.open() as library:
        captions = served.photos.parent / "captions.csv"
        captions.write_text("file,caption\nPhotos/red.png,all of it is red\n")
        assert library.captions.import_file(captions).added == 1
    told = visitor.get(f"/api/v1/images/{served.id_of('red.png')}/captions").json()
    assert told == {
        "captions": [{"text": "all of it is red", "source": "imported", "model": None, "match": None, "kept": True}]
    }
    assert api.get(f"/api/v1/images/{served.id_of('blue.png')}/captions").json() == {"captions": []}
    assert api.get("/api/v1/images/987654/captions").status_code == 404
