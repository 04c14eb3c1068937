"""What visitors are told when something is wrong with the library: no path of the server's."""

from starlette.testclient import TestClient

from tests.web.conftest import Served


def test_only_the_owner_is_told_where_the_library_was(api: TestClient, visitor: TestClient, served: Served) -> None:
    served.library.rename(served.library.with_name("elsewhere"))
    served.parts.held.let_go()
    told = [client.post("/api/v1/facets", json={}).json() for client in (api, visitor)]
    served.library.with_name("elsewhere").rename(served.library)
    assert [one["code"] for one in told] == ["library_not_found"] * 2
    assert str(served.library) in told[0]["detail"]
    assert told[1]["detail"] == "the server cannot answer this at present"


def test_what_is_wrong_with_a_question_is_told_to_everybody(visitor: TestClient) -> None:
    said = visitor.post("/api/v1/search", json={"text": "red", "k": 0}).json()
    assert "k" in said["detail"]
