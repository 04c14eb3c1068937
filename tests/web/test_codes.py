"""Every code that the server can send has its words on the page, in every language."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import web
from core.errors import PictureProblem, ProblemKind, SearchError
from core.notices import NOTICES
from tests.web.test_page_texts import LANGUAGES, texts, values_of
from web import picture_problems
from web.problems import problem_of

WEB = Path(web.__file__).parent
OF_HTTP = {"not_found", "method_not_allowed", "bad_request"}  # that the framework refuses by itself
OF_THE_PAGE = {"server_gone"}
FROM_ELSEWHERE = {"problems.py", "picture_problems.py", "process.py"}
"""Whose codes are those of errors, below; `process.py` hands on what another process of the server refused."""


def written() -> Iterator[str]:
    """Codes of problems in the sources: `Problem(404, "no_such_job", …)`, and those of a job that crashed."""
    for file in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    yield str(code.value)
                else:
                    assert file.name in FROM_ELSEWHERE, f"{file}:{node.lineno}: a code that only shows when it runs"
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                yield from (
                    str(value.value)
                    for key, value in pairs
                    if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant)
                    if isinstance(value.value, str)
                )


def kinds(error: type[SearchError]) -> Iterator[type[SearchError]]:
    yield error
    for one in error.__subclasses__():
        if one.__module__ == SearchError.__module__:
            yield from kinds(one)


def of_errors() -> Iterator[str]:
    for kind in kinds(SearchError):
        if not issubclass(kind, PictureProblem):
            made = kind.__new__(kind)
            Exception.__init__(made, "x")
            yield problem_of(made).code
    for table in (picture_problems._OF_A_FILE, picture_problems._OF_AN_UPLOAD):
        yield from (code for _, code in table.values())
    yield from (kind.value for kind in ProblemKind)


PROBLEMS = {*written(), *of_errors(), *OF_HTTP}


def test_the_codes_are_found_where_they_are_written() -> None:
    assert {"unknown_upload", "too_many", "job_running", "crashed", "bad_host", "busy"} <= set(written())
    assert {"usage_error", "library_locked", "weights_missing", "server_ending", "out_of_reach"} <= set(of_errors())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_its_words(language: str) -> None:
    told = {key.removeprefix("problems."): text for key, text in texts(language).items() if key.startswith("problems.")}
    assert told.keys() == PROBLEMS | OF_THE_PAGE
    assert all(values_of(text) <= {"detail"} for text in told.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_has_its_words_and_fills_in_the_same(language: str) -> None:
    told = {key.removeprefix("notices."): text for key, text in texts(language).items() if key.startswith("notices.")}
    assert told.keys() == NOTICES.keys()
    assert {code: values_of(text) for code, text in told.items()} == {
        code: values_of(text) for code, text in NOTICES.items()
    }


def test_english_says_what_the_server_says() -> None:
    english = json.loads((WEB / "static/i18n/en.json").read_text("utf-8"))["notices"]
    assert {code: text.removeprefix("Not reranked: ") for code, text in english.items()} == NOTICES
