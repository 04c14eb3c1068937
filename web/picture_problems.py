"""What is wrong with a picture's file or with an upload, as HTTP says it: each kind has its own status."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import PictureProblem, ProblemKind
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OF_A_FILE: Mapping[ProblemKind, tuple[int, str]] = {
    ProblemKind.VANISHED: (404, "out_of_reach"),
    ProblemKind.ONLINE_ONLY: (404, "online_only"),
    ProblemKind.PERMISSION: (404, "no_permission"),
    ProblemKind.CHANGED_WHILE_READING: (409, "changed_since_indexed"),
    ProblemKind.TOO_LARGE: (413, "too_large"),
    ProblemKind.TIMEOUT: (503, "took_too_long"),
    ProblemKind.DECODER_CRASHED: (422, "decoder_crashed"),
}
_OF_AN_UPLOAD: Mapping[ProblemKind, tuple[int, str]] = {
    ProblemKind.TOO_LARGE: (413, "too_large"),
    ProblemKind.TIMEOUT: (503, "took_too_long"),
    ProblemKind.EMPTY: (422, "empty"),
    ProblemKind.TRUNCATED: (422, "truncated"),
    ProblemKind.BROKEN: (422, "broken"),
    ProblemKind.DECODER_CRASHED: (422, "decoder_crashed"),
}


def of_a_file(problem: PictureProblem) -> Problem:
    """What is wrong with a picture of the library."""
    status, code = _OF_A_FILE.get(problem.kind, (422, problem.kind.value))
    return Problem(status, code, problem.reason)


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
        status, code = _OF_AN_UPLOAD.get(problem.kind, (415, problem.kind.value))
        raise Problem(status, code, problem.reason) from problem
