"""GET /status and /spaces: what a page needs to know now and then, and what a visitor may know of it."""

from starlette.testclient import TestClient

from db import open_writer
from tests.web.conftest import Served


def test_the_library_at_this_moment(standing_api: TestClient, standing: Served) -> None:
    told = standing_api.get("/api/v1/status").json()
    assert told["library"] == str(standing.library)
    assert told["model"] == "fake"
    assert told["counts"]["indexed"] == told["counts"]["pictures"] == 6
    assert told["counts"]["files"] == 7
    (root,) = told["roots"]
    assert (root["path"], root["online"], root["offline_reason"]) == (str(standing.photos), True, None)
    assert root["last_scan_at"].startswith("20")
    assert (told["notices"], told["indexing"]) == ([], None)


def test_a_visitor_learns_no_paths(standing_visitor: TestClient, standing: Served) -> None:
    answer = standing_visitor.get("/api/v1/status")
    assert answer.json()["library"] == "library"
    assert [root["path"] for root in answer.json()["roots"]] == ["Photos"]
    assert str(standing.photos.parent) not in answer.text


def test_an_offline_folder_shows(api: TestClient, visitor: TestClient, served: Served) -> None:
    served.photos.rename(served.photos.with_name("unplugged"))
    with served.open() as library:
        library.index()
    (root,) = api.get("/api/v1/status").json()["roots"]
    assert not root["online"]
    assert root["offline_reason"]
    (root,) = visitor.get("/api/v1/status").json()["roots"]
    assert (root["online"], root["offline_reason"]) == (False, None)


def test_somebody_indexing_elsewhere_shows_while_it_lasts(api: TestClient, served: Served) -> None:
    with open_writer(served.library, command="tag --add"):
        assert api.get("/api/v1/status").json()["indexing"] is None
    with open_writer(served.library, command="index"):
        assert api.get("/api/v1/status").json()["indexing"] == {"job": None}
    assert api.get("/api/v1/status").json()["indexing"] is None


def test_spaces(standing_visitor: TestClient) -> None:
    (space,) = standing_visitor.get("/api/v1/spaces").json()["spaces"]
    assert (space["model"], space["state"], space["indexed"], space["waiting"]) == ("fake", "active", 6, 0)
    assert space["index"] is None
