"""POST /describe and POST /label: texts and labels that fit a picture."""

from starlette.testclient import TestClient

from tests.web.conftest import Served
from tests.web.test_lookup import upload
from web.api.describe import Described, Labelled

COLOURS = ["red", "green", "blue"]


def test_the_best_label_comes_first(standing: Served, standing_api: TestClient) -> None:
    asked = {"image_id": standing.id_of("green.png"), "labels": COLOURS, "k": 2}
    answer = standing_api.post("/api/v1/label", json=asked)
    labels = Labelled.model_validate(answer.json()).labels
    assert labels[0].name == "green"
    assert labels[0].score > labels[1].score
    assert labels[0].probability is not None
    assert labels[0].probability > 0.9


def test_a_picture_of_the_library_is_not_opened_for_its_labels(served: Served, api: TestClient) -> None:
    blue, seen = served.id_of("blue.png"), served.encoder.pictures_seen
    (served.photos / "blue.png").unlink()
    answer = api.post("/api/v1/label", json={"image_id": blue, "labels": COLOURS})
    assert answer.json()["labels"][0]["name"] == "blue"
    assert served.encoder.pictures_seen == seen
    assert api.post("/api/v1/label", json={"image_id": 99, "labels": COLOURS}).status_code == 404


def test_an_upload_has_labels(standing_api: TestClient) -> None:
    asked = {"upload": upload(standing_api, (220, 30, 30), (64, 48)), "labels": COLOURS}
    assert standing_api.post("/api/v1/label", json=asked).json()["labels"][0]["name"] == "red"


def test_a_set_that_is_not_known_is_refused(standing_api: TestClient) -> None:
    refused = standing_api.post("/api/v1/label", json={"image_id": 1, "labels": "nonsense"})
    assert (refused.status_code, refused.json()["code"]) == (400, "usage_error")


def test_its_own_caption_describes_a_picture(served: Served, api: TestClient) -> None:
    (served.photos / "red.txt").write_text("red paint on a wall")
    with served.open() as library:
        library.index([served.photos])
    answer = api.post("/api/v1/describe", json={"image_id": served.id_of("red.png")})
    described = Described.model_validate(answer.json())
    assert [(one.text, one.origin, one.source) for one in described.descriptions] == [
        ("red paint on a wall", "own", "sidecar_text")
    ]
    assert described.captioner is None
    other = api.post("/api/v1/describe", json={"upload": upload(api, (220, 30, 30), (70, 70))}).json()
    assert [(one["text"], one["origin"]) for one in other["descriptions"]] == [("red paint on a wall", "library")]


def test_a_visitor_is_not_told_where_the_library_is(
    standing: Served, standing_api: TestClient, standing_visitor: TestClient
) -> None:
    asked = {"image_id": standing.id_of("red.png")}
    assert standing_api.post("/api/v1/describe", json=asked).json()["library"] == str(standing.library)
    assert standing_visitor.post("/api/v1/describe", json=asked).json()["library"] == "library"
