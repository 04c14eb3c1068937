"""POST /lookup and GET /images/{id}/similar: copies of a picture, and what looks like it."""

from io import BytesIO
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from tests.web.conftest import Served
from web.api.models import Answer

LOOKUP = "/api/v1/lookup"


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    response = client.post(LOOKUP, json=question)
    assert response.status_code == 200, response.text
    Answer.model_validate(response.json())
    return response.json()


def upload(client: TestClient, rgb: tuple[int, int, int], size: tuple[int, int]) -> str:
    picture = BytesIO()
    Image.new("RGB", size, rgb).save(picture, "PNG")
    answer = client.post("/api/v1/uploads", content=picture.getvalue(), headers={"Content-Type": "image/png"})
    assert answer.status_code == 201, answer.text
    return answer.json()["upload"]


def test_an_upload_finds_its_copies_first(standing_api: TestClient) -> None:
    found = ask(standing_api, upload=upload(standing_api, (220, 30, 30), (128, 96)), k=3)
    assert found["hits"][0]["name"] == "red.png"
    assert [hit["copy"] for hit in found["hits"]][:2] == ["resized", "similar"]
    assert found["query"] == "a picture"


def test_an_upload_is_an_example_of_a_search_too(standing_api: TestClient) -> None:
    blue = upload(standing_api, (30, 60, 220), (64, 48))
    found = standing_api.post("/api/v1/search", json={"uploads": [blue], "k": 1}).json()
    assert found["hits"][0]["name"] == "blue.png"
    assert found["query"] == "1 picture"


def test_a_picture_of_the_library_is_identical_with_itself(standing: Served, standing_api: TestClient) -> None:
    found = ask(standing_api, image_id=standing.id_of("green.png"), k=2)
    assert (found["hits"][0]["name"], found["hits"][0]["copy"]) == ("green.png", "identical")
    assert found["hits"][1]["copy"] == "similar"


def test_pages_of_a_lookup_fit_together(standing: Served, standing_api: TestClient) -> None:
    green = standing.id_of("green.png")
    whole, first = ask(standing_api, image_id=green), ask(standing_api, image_id=green, k=4)
    rest = ask(standing_api, image_id=green, cursor=first["next_cursor"])
    assert first["hits"] + rest["hits"] == whole["hits"]
    assert rest["next_cursor"] is None


def test_which_picture_has_to_be_said_once(standing_api: TestClient) -> None:
    for wrong in ({}, {"image_id": 1, "upload": "u_1"}, {"image_id": "1"}, {"image_id": 0}):
        assert standing_api.post(LOOKUP, json=wrong).status_code == 422
    told = standing_api.post(LOOKUP, json={"upload": "u_1", "k": 0}).json()["detail"]
    assert told == "body.upload.k: Input should be greater than or equal to 1"
    unknown = standing_api.post(LOOKUP, json={"image_id": 99})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_picture")


def test_similar_ones_are_others(standing: Served, standing_api: TestClient) -> None:
    red = standing.id_of("red.png")
    found = standing_api.get(f"/api/v1/images/{red}/similar?k=2").json()
    Answer.model_validate(found)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    rest = standing_api.get(f"/api/v1/images/{red}/similar", params={"k": 9, "cursor": found["next_cursor"]}).json()
    names = [hit["name"] for hit in found["hits"] + rest["hits"]]
    assert sorted(names) == ["black.png", "blue.png", "green.png", "white.png", "yellow.png"]
    assert [hit["rank"] for hit in rest["hits"]] == [3, 4, 5]


def test_a_picture_whose_file_is_away_is_told_of_as_such(served: Served, visitor: TestClient) -> None:
    red = served.id_of("red.png")
    for file in served.photos.rglob("red*.png"):
        file.unlink()
    for path in ("lookup", "describe"):
        away = visitor.post(f"/api/v1/{path}", json={"image_id": red})
        assert (away.status_code, away.json()["code"]) == (404, "out_of_reach")
        assert str(served.photos) not in away.text


def test_similar_ones_need_no_file_and_no_model(served: Served, api: TestClient) -> None:
    red = served.id_of("red.png")
    seen = served.encoder.pictures_seen
    for file in served.photos.rglob("*.png"):
        file.unlink()
    assert len(api.get(f"/api/v1/images/{red}/similar").json()["hits"]) == 5
    assert served.encoder.pictures_seen == seen
    assert api.get("/api/v1/images/99/similar").json()["code"] == "unknown_picture"
