"""What goes wrong, told as RFC 9457 problems: one line that says what, and what to do; never a traceback.

A `SearchError` has its status in a table; what is wrong with the request's own shape is 422, with the places;
everything else is a bug, reported on the server's side and told as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from core.errors import (
    DeviceError,
    LibraryLocked,
    LibraryNotFound,
    ModelError,
    PictureProblem,
    SearchError,
    ServerEnding,
    StorageFull,
    UnknownPicture,
    UsageError,
)
from web.bugs import report_bug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[SearchError], int], ...] = (
    (UsageError, 400),
    (UnknownPicture, 404),
    (LibraryNotFound, 404),
    (LibraryLocked, 409),
    (StorageFull, 507),
    (ModelError, 503),
    (DeviceError, 503),
    (ServerEnding, 503),
    (SearchError, 500),
)
"""The first that fits."""

_OF_THE_QUESTION = (UsageError, UnknownPicture, ServerEnding)
"""What names nothing that whoever asked did not name."""


class Problem(Exception):
    """A request that is refused or cannot be answered, in the words of HTTP.

    Args:
        status: HTTP's code.
        code: what it is, for programs: lower case and underscores; stable.
        detail: one line for people.
        headers: further ones of the answer.
    """

    def __init__(self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


def problem_of(error: SearchError, *, is_owner: bool = True) -> Problem:
    """The problem that an error of ours is; who is not the owner is told nothing of the server's own files."""
    if isinstance(error, PictureProblem):  # of a picture of the library: what clients send was decoded before
        from web.picture_problems import of_a_file

        return of_a_file(error)
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    said = str(error) if is_owner or isinstance(error, _OF_THE_QUESTION) else "the server cannot answer this at present"
    return Problem(status, _code(type(error).__name__), said)


def problem_response(problem: Problem) -> JSONResponse:
    """A problem as RFC 9457 has it; `code` is stable, `detail` is for people."""
    return JSONResponse(problem_told(problem), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def problem_told(problem: Problem) -> dict[str, object]:
    """Its JSON."""
    body = {"type": "about:blank", "title": _title(problem.status), "status": problem.status}
    return {**body, "detail": problem.detail, "code": problem.code}


def as_problem(error: Exception, *, is_owner: bool = True) -> Problem:
    """Whatever went wrong, as it is told to who asked; a bug is reported on the server's side, too."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, SearchError):
        return problem_of(error, is_owner=is_owner)
    report_bug(error)
    return Problem(500, "bug", "this is a bug of the server; its owner sees more in its terminal")


def tell_problems(app: FastAPI) -> None:
    """Have every error of this application told so."""
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(SearchError, _failed)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _bug)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - as it was registered
    return problem_response(error)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SearchError)  # noqa: S101
    return problem_response(problem_of(error, is_owner=getattr(request.state, "scope", None) == "owner"))


async def _misunderstood(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
    return problem_response(Problem(422, "not_understood", said))


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _title(error.status_code).lower().replace(" ", "_")
    return problem_response(Problem(error.status_code, code, str(error.detail), headers=error.headers))


async def _left(_: Request, __: Exception) -> Response:
    """Nobody hears it; and it is no bug."""
    return Response(status_code=204)


async def _bug(_: Request, error: Exception) -> JSONResponse:
    return problem_response(as_problem(error))


def _title(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Problem"


def _code(name: str) -> str:
    """LibraryLocked to library_locked."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
