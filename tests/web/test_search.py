"""POST /search: the same hits as the library's own, streamed, paged, and refused where it makes no sense."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from searcher.jsonable import result_to_json
from tests.fakes import FakeReranker
from tests.web.conftest import Served, ServePictures
from web.access.scopes import Scope
from web.api.models import Answer

SEARCH = "/api/v1/search"
LINES = {"Accept": "application/x-ndjson"}


def ask(client: TestClient, **question: Any) -> dict[str, Any]:
    response = client.post(SEARCH, json=question)
    assert response.status_code == 200, response.text
    Answer.model_validate(response.json())
    return response.json()


def names(answer: dict[str, Any]) -> list[str]:
    return [hit["name"] for hit in answer["hits"]]


def test_it_finds_what_the_library_finds(standing: Served, standing_api: TestClient) -> None:
    found = ask(standing_api, text="red", k=3)
    with standing.open() as library:
        expected = json.loads(json.dumps(result_to_json(library.search("red", k=3))))
    assert names(found)[0] == "red.png"
    told = [{key: value for key, value in hit.items() if key not in {"name", "version"}} for hit in found["hits"]]
    assert told == expected["hits"]
    assert set(found) - {"next_cursor", "notice_details"} == set(expected)


def test_what_is_shown_as_one_says_which_picture_it_is(standing: Served, standing_api: TestClient) -> None:
    first = ask(standing_api, text="red", k=1)["hits"][0]
    behind = {"path": str(standing.photos / "in/red too.png"), "kind": "identical", "image_id": first["image_id"]}
    assert first["alike"] == [behind]


def test_pictures_of_the_library_need_no_file(served: Served, api: TestClient) -> None:
    red, yellow = served.id_of("red.png"), served.id_of("yellow.png")
    seen = served.encoder.pictures_seen
    for file in served.photos.rglob("*.png"):
        file.unlink()
    alone, without = ask(api, images=[red]), ask(api, images=[red], not_images=[yellow])
    assert names(alone)[0] == names(without)[0] == "red.png"
    assert names(without)[-1] == "white.png"
    assert names(alone).index("blue.png") > names(without).index("blue.png")  # yellow is its opposite
    assert "yellow.png" not in names(without)
    assert served.encoder.pictures_seen == seen
    assert without["query"] == "1 picture - 1 picture"


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({}, 400, "usage_error"),
        ({"text": "  "}, 400, "usage_error"),
        ({"not_images": [1]}, 400, "usage_error"),
        ({"images": [99]}, 404, "unknown_picture"),
        ({"uploads": ["u_never"]}, 404, "unknown_upload"),
        ({"text": "red", "k": 201}, 422, "not_understood"),
        ({"text": "red", "k": "5"}, 422, "not_understood"),
        ({"text": "red", "page": 2}, 422, "not_understood"),
        ({"text": "red", "filters": {"formats": ["docx"]}}, 400, "usage_error"),
        ({"text": "red", "filters": {"folders": ["Photos"]}}, 400, "no_such_folder"),
        ({"text": "red", "filters": {"taken_from": "soon"}}, 422, "not_understood"),
        ({"text": "red", "filters": {"taken_from": "2019-02-30"}}, 400, "usage_error"),
        ({"text": "red", "cursor": "WzEsICJ4Il0="}, 400, "not_a_cursor"),
        ({"text": "red", "min_match": 0.5, "mode": "text", "images": [1]}, 400, "usage_error"),
    ],
)
@pytest.mark.parametrize("headers", [{}, LINES], ids=["whole", "in lines"])
def test_what_makes_no_sense_is_told_by_its_status(
    standing_api: TestClient, question: dict[str, Any], status: int, code: str, headers: dict[str, str]
) -> None:
    refused = standing_api.post(SEARCH, json=question, headers=headers)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == code


def test_texts_never_stand_in_a_url(standing_api: TestClient) -> None:
    assert standing_api.get(f"{SEARCH}?text=red").status_code == 405


def test_pages_fit_together(standing_api: TestClient) -> None:
    whole, paged, cursor = ask(standing_api, text="red"), [], None
    while True:
        page = ask(standing_api, text="red", k=2, **({"cursor": cursor} if cursor else {}))
        paged += page["hits"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert paged == whole["hits"]
    assert [hit["rank"] for hit in paged] == [1, 2, 3, 4, 5, 6]
    assert whole["next_cursor"] is None


def test_a_cursor_belongs_to_its_question(standing_api: TestClient) -> None:
    cursor = ask(standing_api, text="red", k=2)["next_cursor"]
    refused = standing_api.post(SEARCH, json={"text": "green", "k": 2, "cursor": cursor})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_this_cursor")
    assert "red" not in cursor


def test_no_picture_comes_twice_though_others_came_meanwhile(served: Served, api: TestClient) -> None:
    from PIL import Image

    first = ask(api, text="red", k=2)
    Image.new("RGB", (64, 48), (221, 29, 31)).resize((48, 64)).save(served.photos / "redder.png")
    Image.new("RGB", (64, 48), (255, 0, 0)).resize((90, 60)).save(served.photos / "reddest.png")
    with served.open() as library:
        assert library.index([served.photos]).added == 2
    rest = ask(api, text="red", cursor=first["next_cursor"])
    assert set(names(first)) == {"red.png", "black.png"} or "red.png" in names(first)
    assert not set(names(first)) & set(names(rest))
    assert {"redder.png", "reddest.png"} <= set(names(rest))
    assert len(names(first)) + len(names(rest)) == 8


def test_the_vectors_answer_comes_before_the_rerankers(serve_pictures: ServePictures) -> None:
    served = serve_pictures(reranker=FakeReranker())
    with served.client(Scope.OWNER) as client:
        answer = client.post(SEARCH, json={"text": "green", "rerank": 6}, headers=LINES)
        whole = ask(client, text="green", rerank=6)
    said = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["event"] for one in said] == ["vectors", "reranked", "done"]
    first, second = said[0]["answer"], said[1]["answer"]
    assert (first["reranker"], first["reranked"]) == (None, 0)
    assert (second["reranker"], second["reranked"]) == ("fake-reranker", 6)
    assert sorted(names(first)) == sorted(names(second)) == sorted(names(whole))
    assert whole["hits"] == second["hits"]
    assert all(hit["reranked"] for hit in second["hits"])
    Answer.model_validate(first)


def test_without_a_reranker_there_is_one_answer(standing_api: TestClient) -> None:
    answer = standing_api.post(SEARCH, json={"text": "green"}, headers=LINES)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line)["event"] for line in answer.text.splitlines()] == ["vectors", "done"]


def test_a_visitor_sees_paths_below_the_folders_name(
    standing: Served, standing_api: TestClient, standing_visitor: TestClient
) -> None:
    found = ask(standing_visitor, text="red", k=1)
    assert found["hits"][0]["path"] == "Photos/red.png"
    assert found["hits"][0]["alike"][0]["path"] == "Photos/in/red too.png"
    assert found["library"] == "library"
    assert str(standing.photos.parent) not in json.dumps(found)
    inside = {"filters": {"folders": ["Photos/in"]}}
    assert [hit["path"] for hit in ask(standing_visitor, text="red", **inside)["hits"]] == ["Photos/in/red too.png"]
    whole = {"filters": {"folders": [str(standing.photos / "in")]}}
    assert names(ask(standing_api, text="red", **whole)) == ["red too.png"]


@pytest.mark.parametrize("folder", ["Photos/../library", "Elsewhere", "/etc", "..", "Photos/in/../../library"])
def test_a_visitor_names_no_other_folder(standing_visitor: TestClient, folder: str) -> None:
    refused = standing_visitor.post(SEARCH, json={"text": "red", "filters": {"folders": [folder]}})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_such_folder")
