"""Pictures by their ids, as the API tells of them."""

from starlette.testclient import TestClient

from tests.web.conftest import Served


def test_several_pictures_come_in_the_order_asked_for_without_the_unknown(api: TestClient, served: Served) -> None:
    red, blue = served.id_of("red.png"), served.id_of("blue.png")
    found = api.get("/api/v1/images", params={"ids": f"{blue},999999,{red}"}).json()["images"]
    assert [one["image_id"] for one in found] == [blue, red]
    assert found[0]["path"] == str(served.photos / "blue.png")
    assert (found[0]["width"], found[0]["height"], found[0]["name"]) == (64, 48, "blue.png")
    assert len(found[0]["version"]) == 16


def test_a_picture_is_named_by_its_file_in_the_folder_asked_for(
    api: TestClient, visitor: TestClient, served: Served
) -> None:
    asked = {"ids": [served.id_of("blue.png"), served.id_of("red.png")], "folders": [str(served.photos / "in")]}
    blue, red = api.post("/api/v1/images", json=asked).json()["images"]
    assert (blue["name"], red["name"]) == ("blue.png", "red too.png")  # blue has no file there
    assert red["path"] == str(served.photos / "in" / "red too.png")
    told = visitor.post("/api/v1/images", json={**asked, "folders": ["Photos/in"]}).json()["images"][1]
    assert told["path"] == "Photos/in/red too.png"
    assert api.post("/api/v1/images", json={"ids": asked["ids"]}).json()["images"][1]["name"] == "red.png"
    refused = visitor.post("/api/v1/images", json={**asked, "folders": ["Elsewhere"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_such_folder")
    assert api.post("/api/v1/images", json={"ids": [1] * 201}).status_code == 422


def test_what_is_no_id_or_nobodys_is_a_problem(api: TestClient) -> None:
    answer = api.get("/api/v1/images/999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_picture")
    assert answer.headers["content-type"] == "application/problem+json"
    for ids in ("", "1,,2", "1;2", "-1", "a", ",".join(["1"] * 201)):
        assert api.get("/api/v1/images", params={"ids": ids}).status_code == 422


def test_everything_is_told_of_one_picture(api: TestClient, served: Served) -> None:
    detail = api.get(f"/api/v1/images/{served.id_of('red.png')}").json()
    assert detail["path"] == str(served.photos / "red.png")
    assert [one["path"] for one in detail["other_paths"]] == [str(served.photos / "in/red too.png")]
    assert detail["size_bytes"] == (served.photos / "red.png").stat().st_size
    assert (detail["format"], detail["offline"], detail["captions"]) == ("png", False, [])
    assert detail["content_hash"].startswith(detail["version"])


def test_a_visitor_sees_no_whole_path(visitor: TestClient, served: Served) -> None:
    detail = visitor.get(f"/api/v1/images/{served.id_of('red.png')}").json()
    assert detail["path"] == "Photos/red.png"
    assert detail["other_paths"][0]["path"] == "Photos/in/red too.png"
    assert str(served.photos.parent) not in visitor.get("/api/v1/images", params={"ids": detail["image_id"]}).text


def test_what_is_forgotten_is_not_told_of(api: TestClient, served: Served) -> None:
    blue = served.id_of("blue.png")
    with served.open() as library:
        library.forget(served.photos / "blue.png")
    assert api.get(f"/api/v1/images/{blue}").status_code == 404
    assert api.get("/api/v1/images", params={"ids": blue}).json() == {"images": []}
