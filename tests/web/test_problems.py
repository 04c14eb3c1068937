"""What goes wrong is told as RFC 9457 problems: one line for people, a code for programs, never a traceback."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from core.errors import (
    DeviceError,
    LibraryDamaged,
    LibraryLocked,
    LibraryNotFound,
    PictureProblem,
    ProblemKind,
    SearchError,
    StorageFull,
    UnknownModel,
    UnknownPicture,
    UsageError,
)
from tests.web.conftest import ServePictures, as_asked_by
from web.access.scopes import Scope
from web.problems import MEDIA_TYPE, Problem, tell_problems

ERRORS = [
    (UsageError("k must be 1"), 400, "usage_error"),
    (PictureProblem(ProblemKind.BROKEN, "not a readable JPEG"), 422, "broken"),
    (PictureProblem(ProblemKind.VANISHED, "the file is out of reach"), 404, "out_of_reach"),
    (UnknownPicture(7), 404, "unknown_picture"),
    (LibraryNotFound("nothing was indexed"), 404, "library_not_found"),
    (LibraryLocked("another process writes"), 409, "library_locked"),
    (StorageFull("no space left"), 507, "storage_full"),
    (UnknownModel("no such model"), 503, "unknown_model"),
    (DeviceError("no GPU"), 503, "device_error"),
    (LibraryDamaged("see doctor"), 500, "library_damaged"),
    (SearchError("something"), 500, "search_error"),
    (Problem(418, "teapot", "short and stout"), 418, "teapot"),
]


def raising(error: Exception, scope: Scope = Scope.OWNER) -> TestClient:
    app = FastAPI()
    tell_problems(app)

    @app.get("/")
    def fail() -> None:
        raise error

    return TestClient(as_asked_by(scope, app), raise_server_exceptions=False)


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=[code for _, _, code in ERRORS])
def test_every_error_of_ours_is_a_problem(error: Exception, status: int, code: str) -> None:
    answer = raising(error).get("/")
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    told = answer.json()
    assert (told["status"], told["code"], told["detail"]) == (status, code, str(error))
    assert told["type"] == "about:blank"
    assert told["title"]


def test_a_visitor_is_told_what_is_wrong_with_his_question_and_no_more() -> None:
    asked = raising(UsageError("k must be 1"), Scope.SEARCH).get("/").json()
    own = raising(LibraryDamaged("/home/ann/library is damaged"), Scope.SEARCH).get("/").json()
    assert asked["detail"] == "k must be 1"
    assert (own["status"], own["code"]) == (500, "library_damaged")
    assert "/home" not in own["detail"]


def test_a_bug_is_told_without_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    answer = raising(KeyError("what was asked for")).get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "bug")
    assert "asked for" not in answer.text
    told = capsys.readouterr().err
    assert "KeyError" in told
    assert "asked for" not in told


def test_what_is_not_there_and_what_is_not_done_are_problems(standing_api: TestClient) -> None:
    missing, wrong = standing_api.get("/api/v1/nothing"), standing_api.put("/api/v1/search", json={})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b'{"text": "red"}', "text/plain"),
        (b"\xff\xfe", "application/json"),
        (b"[]", "application/json"),
    ],
)
def test_a_body_that_is_no_question_is_said_to_be_so(standing_api: TestClient, body: bytes, kind: str) -> None:
    refused = standing_api.post("/api/v1/search", content=body, headers={"Content-Type": kind})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_understood")


def test_what_is_misunderstood_is_not_repeated(standing_api: TestClient) -> None:
    refused = standing_api.post("/api/v1/search", json={"text": ["my secret"], "k": "nine secrets"})
    assert refused.status_code == 422
    assert "secret" not in refused.text
    assert "body.text" in refused.json()["detail"]


def test_an_unasked_library_is_not_found(serve_pictures: ServePictures) -> None:
    with serve_pictures({}).client(Scope.OWNER) as client:
        answer = client.post("/api/v1/search", json={"text": "red"})
    assert (answer.status_code, answer.json()["code"]) == (404, "library_not_found")
