"""The answers of `search lookup`: one block per picture, and a word on those that could not be read."""

from collections.abc import Callable, Iterator, Sequence

from cli.answers import Form, Output, say_nothing_found, show_hits, show_notices, summary, timings
from cli.console import emit, emit_heading, emit_json, say
from cli.showing import show_pictures
from core.errors import PictureProblem
from core.paths import absolute, display
from core.queries import Page, SearchResult
from searcher import result_to_json
from semantic_image_search.warm.messages import LookupQuestion

Answer = SearchResult | PictureProblem
Ask = Callable[[LookupQuestion], SearchResult]


def answer_all(ask: Ask, pictures: Sequence[bytes], page: Page, output: Output) -> int:
    """Look every picture up and show that page of each answer as it comes; says how many could not be read."""
    found: list[tuple[bytes, Answer]] = []
    for path, answer in _answers(ask, pictures, page):
        if found and output.form is Form.LINES:
            emit("")
        if output.form is not Form.JSON:
            _show(path, answer, output, alone=len(pictures) == 1)
        if isinstance(answer, PictureProblem):
            say(f"search: {display(path)}: {answer.reason}", style="red")
        found.append((path, answer))
    if output.form is Form.JSON:
        values = [_json(path, answer) for path, answer in found]
        emit_json(values[0] if len(values) == 1 else values)
    good = [answer for _, answer in found if isinstance(answer, SearchResult)]
    if good and output.form is Form.LINES:
        say(summary(good[-1]))
    show_pictures([hit for answer in good for hit in answer.hits], output)
    return len(found) - len(good)


def _answers(ask: Ask, pictures: Sequence[bytes], page: Page) -> Iterator[tuple[bytes, Answer]]:
    for path in pictures:
        question = LookupQuestion(path, page.k, page.offset, page.filters, page.sort, page.group)
        try:
            yield path, ask(question)
        except PictureProblem as problem:
            yield path, problem


def _show(path: bytes, answer: Answer, output: Output, *, alone: bool) -> None:
    if output.form is Form.JSON_LINES:
        emit_json(_json(path, answer))
        return
    if output.form is Form.LINES and not alone:
        emit_heading(path)
    if isinstance(answer, PictureProblem):
        return
    show_hits(answer.hits, output.form)
    show_notices(answer)
    if output.form is Form.LINES:
        say_nothing_found(answer)
    if output.verbose:
        say(timings(answer))


def _json(path: bytes, answer: Answer) -> dict[str, object]:
    if isinstance(answer, SearchResult):
        return result_to_json(answer)
    return {"query": display(absolute(path)), "hits": [], "error": {"kind": answer.kind.value, "reason": answer.reason}}
