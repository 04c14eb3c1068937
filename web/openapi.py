"""The API's description (OpenAPI): made when it is asked for, with an example of every body and every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from web.api.models import PROBLEM, ProblemTold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from fastapi.routing import APIRoute

Json = dict[str, Any]

EXAMPLES = Path(__file__).parent / "api" / "examples.json"
"""By operation: `body`, and `answer`."""

_ABOUT = """Search your pictures: by words, by pictures, by both.

Questions are POSTs, so that what people look for stands in no URL. Pictures are asked for by their numbers, never by
paths. What goes wrong is a problem (RFC 9457) with one line in `detail` and a stable `code`."""


def describe_api(app: FastAPI) -> None:
    """Have the application describe itself so."""

    def described() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI's documentation has it


def operation_id(route: APIRoute) -> str:
    """What clients made from the description call it: "post_search", "get_images_image_id"."""
    path = route.path_format.removeprefix("/api/v1").strip("/")
    return "_".join([min(route.methods or ()).lower(), *(part.strip("{}") for part in path.split("/"))])


def _described(app: FastAPI) -> Json:
    schema: Json = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    for operation in _operations(schema):
        responses = operation["responses"]
        responses.pop("422", None)  # FastAPI's own form of it is not ours
        responses["default"] = {"description": "What went wrong.", "content": PROBLEM}
        _show(examples.get(operation["operationId"], {}), operation)
    schemas = schema["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = {**ProblemTold.model_json_schema(), "example": examples["problem"]}
    return schema


def _operations(schema: Json) -> Iterator[Json]:
    for path in schema["paths"].values():
        yield from path.values()


def _show(example: Json, operation: Json) -> None:
    """Put the examples beside the schemas they are of, where a route brings none itself."""
    succeeding = (one for status, one in operation["responses"].items() if status.startswith("2"))
    places = [("body", operation.get("requestBody", {})), *(("answer", response) for response in succeeding)]
    for kind, place in places:
        content = place.get("content", {}).get("application/json")
        if kind in example and content is not None and "examples" not in content:
            content["example"] = example[kind]
