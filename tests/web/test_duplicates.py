"""POST /duplicates, as the page asks it."""

import shutil
from pathlib import Path

from starlette.testclient import TestClient

from searcher.keeping import WHYS
from tests.conftest import PROJECT
from tests.web.conftest import Served

ASK = "/api/v1/duplicates"


def test_identical_files_with_all_the_page_needs(api: TestClient, served: Served) -> None:
    answer = api.post(ASK, json={})
    assert answer.status_code == 200
    told = answer.json()
    size = (served.photos / "red.png").stat().st_size
    assert (told["total_groups"], told["wasted_bytes"], told["next_cursor"]) == (1, size, None)
    (group,) = told["groups"]
    assert (group["kind"], group["wasted_bytes"]) == ("identical", size)
    kept, other = group["files"]
    assert {kept["name"], other["name"]} == {"red.png", "red too.png"}
    assert {kept["path"], other["path"]} == {str(served.photos / "red.png"), str(served.photos / "in" / "red too.png")}
    assert (kept["keep"], other["keep"], other["copy"], other["compared"]) == (True, False, "identical", "bytes")
    assert kept["image_id"] == other["image_id"] == served.id_of("red.png")
    assert kept["version"] == other["version"] != ""
    assert (kept["width"], kept["height"], kept["size_bytes"]) == (64, 48, size)
    assert kept["modified_at"].endswith("+00:00")


def test_a_visitor_sees_no_whole_paths(visitor: TestClient, served: Served) -> None:
    told = visitor.post(ASK, json={"filters": {"folders": ["Photos"]}}).json()
    assert {one["path"] for one in told["groups"][0]["files"]} == {"Photos/red.png", "Photos/in/red too.png"}
    assert str(served.photos.parent) not in str(told)


def test_filters_say_which_files_are_compared(api: TestClient, served: Served) -> None:
    inside = api.post(ASK, json={"filters": {"folders": [str(served.photos / "in")]}}).json()
    assert (inside["groups"], inside["total_groups"], inside["searched"]) == ([], 0, 1)


def test_a_folder_to_keep(api: TestClient, served: Served) -> None:
    for folder, name in ((served.photos / "in", "red too.png"), (served.photos, None)):
        (group,) = api.post(ASK, json={"keep_in": [str(folder)]}).json()["groups"]
        if name:
            assert (group["files"][0]["name"], group["why"]) == (name, "in the folder to keep")
    nowhere = api.post(ASK, json={"keep_in": ["not from the root on"]})
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "no_such_folder")


def test_pages_follow_each_other(api: TestClient, served: Served) -> None:
    for name in ("blue", "green"):
        shutil.copy(served.photos / f"{name}.png", served.photos / f"{name} (1).png")
    with served.open() as library:
        library.index()
    seen, cursor = [], None
    for left in (2, 1, 0):
        told = api.post(ASK, json={"k": 1, "cursor": cursor}).json()
        seen += [one["image_id"] for one in told["groups"][0]["files"]]
        cursor = told["next_cursor"]
        assert (cursor is not None) == (left > 0)
    assert len(set(seen)) == 3
    assert len(seen) == 6


def test_what_makes_no_sense_is_told_as_a_problem(api: TestClient) -> None:
    cases = {
        "cursor": ({"cursor": "page two"}, 400),
        "kind": ({"kinds": ["similar"]}, 422),
        "none": ({"kinds": []}, 422),
        "k": ({"k": 0}, 422),
        "key": ({"delete": True}, 422),
    }
    for name, (body, status) in cases.items():
        answer = api.post(ASK, json=body)
        assert answer.status_code == status, name
        assert answer.headers["content-type"] == "application/problem+json", name


def test_the_page_knows_every_reason() -> None:
    known = (PROJECT / "web" / "static" / "js" / "duplicate-group.js").read_text()
    assert [why for why in WHYS if f'"{why}":' not in known] == []


def test_files_that_went_since_are_left_out(api: TestClient, served: Served) -> None:
    Path(served.photos / "in" / "red too.png").unlink()
    told = api.post(ASK, json={}).json()
    assert (told["groups"], told["total_groups"]) == ([], 1)
    assert told["notices"] == ["left out: 1 × changed or gone since it was indexed"]
