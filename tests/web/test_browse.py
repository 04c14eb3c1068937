"""POST /browse: all pictures by time, compact, and no more than whoever asks may know."""

import gzip
import json

from starlette.testclient import TestClient

from tests.web.conftest import Served


def test_all_pictures_at_once(standing_api: TestClient, standing: Served) -> None:
    told = standing_api.post("/api/v1/browse", json={}).json()
    with standing.parts.held.library() as library:
        everything = {hit.picture.image_id for hit in library.search("red", k=100, group=False, rerank=0).hits}
    assert told["total"] == len(told["ids"]) == len(everything)
    assert set(told["ids"]) == everything
    assert set(told["ratios"]) == {1333}
    assert told["days"][0][1] == 0


def test_a_visitor_names_folders_as_he_sees_them(
    standing_api: TestClient, standing_visitor: TestClient, standing: Served
) -> None:
    inside = standing_visitor.post("/api/v1/browse", json={"filters": {"folders": ["Photos/in"]}}).json()
    assert inside["ids"] == [standing.id_of("in/red too.png")]
    whole = str(standing.photos / "in")
    assert standing_api.post("/api/v1/browse", json={"filters": {"folders": [whole]}}).json() == inside
    assert standing_visitor.post("/api/v1/browse", json={"filters": {"folders": [whole]}}).status_code == 400


def test_what_is_asked_is_checked(standing_api: TestClient) -> None:
    assert standing_api.post("/api/v1/browse", json={"order": "sideways"}).status_code == 422
    assert standing_api.post("/api/v1/browse", json={"folder": "x"}).status_code == 422
    unknown = standing_api.post("/api/v1/browse", json={"filters": {"tags": ["nothing"]}})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "usage_error")


def test_a_long_answer_is_packed_for_those_who_take_it_so() -> None:
    from fastapi import Request

    from web.api.packed import pack, packed_response

    value = {"ids": list(range(100_000))}
    packed = pack(value)
    asked = Request({"type": "http", "headers": [(b"accept-encoding", b"br, gzip")]})
    small = packed_response(asked, packed)
    assert small.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(bytes(small.body))) == value
    plain = packed_response(Request({"type": "http", "headers": []}), packed)
    assert "content-encoding" not in plain.headers
    assert json.loads(bytes(plain.body)) == value
    assert len(small.body) < len(plain.body) / 2
