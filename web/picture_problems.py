"""What is wrong with a picture's file or with an upload, as HTTP says it: each kind has its own status."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from core.errors import PictureProblem, ProblemKind
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_Statuses: TypeAlias = "Mapping[ProblemKind, tuple[int, str]]"

_OF_ANY: _Statuses = {
    ProblemKind.TOO_LARGE: (413, "too_large"),
    ProblemKind.TIMEOUT: (503, "took_too_long"),
    ProblemKind.DECODER_CRASHED: (422, "decoder_crashed"),
}
_OF_A_FILE: _Statuses = {
    **_OF_ANY,
    ProblemKind.VANISHED: (404, "out_of_reach"),
    ProblemKind.ONLINE_ONLY: (404, "online_only"),
    ProblemKind.PERMISSION: (404, "no_permission"),
    ProblemKind.CHANGED_WHILE_READING: (409, "changed_since_indexed"),
}
_OF_AN_UPLOAD: _Statuses = {
    **_OF_ANY,
    ProblemKind.EMPTY: (422, "empty"),
    ProblemKind.TRUNCATED: (422, "truncated"),
    ProblemKind.BROKEN: (422, "broken"),
}


def of_a_file(problem: PictureProblem) -> Problem:
    """What is wrong with a picture of the library."""
    return _told(problem, _OF_A_FILE, otherwise=422)


@contextmanager
def told_of_files() -> Iterator[None]:
    """A PictureProblem inside is one of a picture of the library."""
    try:
        yield
    except PictureProblem as problem:
        raise of_a_file(problem) from problem


@contextmanager
def told_of_uploads() -> Iterator[None]:
    """A PictureProblem inside is one of what a client sent."""
    try:
        yield
    except PictureProblem as problem:
        raise _told(problem, _OF_AN_UPLOAD, otherwise=415) from problem


def _told(problem: PictureProblem, statuses: _Statuses, *, otherwise: int) -> Problem:
    status, code = statuses.get(problem.kind, (otherwise, problem.kind.value))
    return Problem(status, code, problem.reason)
