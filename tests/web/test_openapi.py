"""The API's description: complete, with examples that are true."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from web.openapi import EXAMPLES

Json = dict[str, Any]


@pytest.fixture(scope="session")
def description(standing_api: TestClient) -> Json:
    answer = standing_api.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(description: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def contents(operation: Json) -> Iterator[tuple[str, Json]]:
    """What is sent as JSON, and what is answered so where all is well."""
    places = [("body", operation.get("requestBody", {}))]
    places += [("answer", one) for status, one in operation["responses"].items() if status.startswith("2")]
    for kind, place in places:
        if "application/json" in place.get("content", {}):
            yield kind, place["content"]["application/json"]


def shown(content: Json) -> list[Any]:
    several = [one["value"] for one in content.get("examples", {}).values()]
    return [*several, *([content["example"]] if "example" in content else [])]


def test_every_body_and_every_answer_has_an_example_that_fits(description: Json) -> None:
    lacking, wrong = [], []
    for method, path, operation in operations(description):
        for kind, content in contents(operation):
            if not shown(content):
                lacking.append(f"{method} {path}: {kind}")
            schema = {**content["schema"], "components": description["components"]}
            validator = jsonschema_rs.Draft202012Validator(schema)
            wrong += [
                f"{method} {path}: {kind}: {error.message}"
                for one in shown(content)
                for error in validator.iter_errors(one)
            ]
    assert not lacking
    assert not wrong


def test_every_example_is_of_an_operation(description: Json) -> None:
    known = {operation["operationId"] for _, _, operation in operations(description)}
    assert set(json.loads(EXAMPLES.read_text("utf-8"))) <= known | {"problem"}


def test_operations_have_names_of_their_own_and_say_what_they_do(description: Json) -> None:
    names = [operation["operationId"] for _, _, operation in operations(description)]
    assert len(names) == len(set(names))
    assert all(operation.get("description") for _, _, operation in operations(description))


def test_every_operation_tells_problems_in_one_form(description: Json) -> None:
    for method, path, operation in operations(description):
        said = operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
        assert said == {"$ref": "#/components/schemas/Problem"}, f"{method} {path}"
        assert "422" not in operation["responses"]
    problem = description["components"]["schemas"]["Problem"]
    jsonschema_rs.Draft202012Validator(problem).validate(problem["example"])


def test_no_text_of_a_question_stands_in_a_url(description: Json) -> None:
    named = {
        (path, parameter["name"])
        for _, path, operation in operations(description)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    assert {name for _, name in named} <= {"ids", "k", "cursor", "size", "v", "download", "location"}


def test_answers_fit_the_description(description: Json, standing_api: TestClient) -> None:
    """What the server says just now, not only the examples."""
    for question in ({"text": "red"}, {"images": [1]}, {"text": "red", "min_match": 0.9999}):
        schema = description["paths"]["/api/v1/search"]["post"]["responses"]["200"]["content"]["application/json"][
            "schema"
        ]
        answer = standing_api.post("/api/v1/search", json=question).json()
        jsonschema_rs.Draft202012Validator({**schema, "components": description["components"]}).validate(answer)
