"""POST /search: the same hits as the library's own, streamed, paged, and refused where it makes no sense."""

import json

from starlette.testclient import TestClient

from searcher.jsonable import result_to_json
from tests.web.conftest import Served
from web.api.models import Answer

SEARCH = "/api/v1/search"


def names(answer: dict) -> list[str]:
    return [hit["name"] for hit in answer["hits"]]


def ask(client: TestClient, **question: object) -> dict:
    response = client.post(SEARCH, json=question)
    assert response.status_code == 200, response.text
    Answer.model_validate(response.json())
    return response.json()


def test_it_finds_what_the_library_finds(served: Served, api: TestClient) -> None:
    found = ask(api, text="red", k=3)
    with served.open() as library:
        expected = json.loads(json.dumps(result_to_json(library.search("red", k=3))))
    assert names(found)[0] == "red.png"
    told = [{key: value for key, value in hit.items() if key not in {"name", "version"}} for hit in found["hits"]]
    assert told == expected["hits"]
    assert set(found) - {"next_cursor"} == set(expected)
