"""The answers of `search describe` and `search ask`: a table for people, tab-separated lines for pipes, JSON."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from cli.console import emit, emit_heading, emit_json, one_line, out_console, out_is_terminal, say
from cli.matches import BELOW, percent
from cli.units import counted, span
from core.descriptions import AskResult, DescribeResult, Description, Origin
from core.errors import PictureProblem
from core.paths import absolute, display
from core.queries import LIKELY_MATCH

if TYPE_CHECKING:
    from rich.text import Text

    from semantic_image_search import Library


def describe_all(
    library: "Library",
    pictures: Sequence[bytes],
    *,
    k: int,
    rerank: int | Literal["auto"],
    generate: bool,
    as_json: bool,
) -> int:
    """Describe every picture and show each answer as it comes; how many got no description."""
    from searcher import described_to_json

    values: list[object] = []
    failed, told, last = 0, set[str](), ""
    for path, answer in _each(pictures, lambda path: library.describe(path, k=k, rerank=rerank, generate=generate)):
        if isinstance(answer, PictureProblem):
            failed += 1
            values.append(_problem_json(path, answer))
            continue
        failed += not answer.descriptions
        last = summary(answer) if answer.descriptions else last
        values.append(described_to_json(answer))
        if not as_json:
            _show_descriptions(path, answer, alone=len(pictures) == 1, told=told)
    if as_json:
        emit_json(values[0] if len(pictures) == 1 else values)
    elif last:
        say(last)
    return failed


def _each(
    pictures: Sequence[bytes], work: Callable[[bytes], DescribeResult]
) -> Iterator[tuple[bytes, DescribeResult | PictureProblem]]:
    """Each picture's answer; one that cannot be read is said on stderr, and the others go on."""
    for path in pictures:
        try:
            yield path, work(path)
        except PictureProblem as problem:
            say(f"search: {display(path)}: {problem.reason}", style="red")
            yield path, problem


def _show_descriptions(path: bytes, answer: DescribeResult, *, alone: bool, told: set[str]) -> None:
    """One picture's answer; a notice that was `told` for one before is not told again."""
    if not alone:
        emit_heading(path)
    if out_is_terminal():
        _show_table(answer.descriptions)
    else:
        for one in answer.descriptions:
            emit(plain_line(one))
    for notice in answer.notices:
        if notice not in told:
            say(notice, style="yellow")
    told.update(answer.notices)


def _show_table(descriptions: Sequence[Description]) -> None:
    """The descriptions on a terminal, with a line where those that probably fit end."""
    from rich.text import Text

    judged = any(one.match is not None for one in descriptions)
    last = max((one.rank for one in descriptions if (one.match or 0.0) >= LIKELY_MATCH), default=0)
    for one in descriptions:
        if judged and one.rank == last + 1:
            out_console().print(Text(f"{BELOW:─^60}", "dim"))
        out_console().print(styled_line(one), soft_wrap=True)


def plain_line(one: Description) -> str:
    """One description for a pipe: match and score (empty where there is none), where it is from, the text."""
    return "\t".join((percent(one), number(one.score, 4), origin(one), one_line(one.text)))


def styled_line(one: Description) -> "Text":
    """One description for a terminal."""
    from rich.text import Text

    line = Text()
    line.append(f"{one.rank:>4}  ", "dim")
    line.append(f"{percent(one):>3}  ", "green" if (one.match or 0.0) >= LIKELY_MATCH else "dim")
    line.append(f"{number(one.score, 3):>6}  ", "cyan")
    line.append(f"{origin(one):<14}  ", "dim")
    line.append(one_line(one.text), "bold")
    return line


def origin(one: Description) -> str:
    """Where a text is from, in a word: the library, a model, or where the picture's own caption was found."""
    if one.origin is Origin.OWN and one.source is not None:
        return one.source.value
    return one.origin.value


def number(value: float | None, digits: int) -> str:
    """So many digits after the point; nothing where there is no value."""
    return "" if value is None else f"{value:.{digits}f}"


def summary(answer: DescribeResult) -> str:
    """The last line: who had a part in it, and how long it took."""
    parts = [f"{counted(answer.reranked, 'text')} reranked by {answer.reranker}"] if answer.reranker else []
    parts += [f"one written by {answer.captioner}"] if answer.captioner else []
    parts += [f"scores by {answer.model}"] if answer.model else []
    return ", ".join([*parts, span(answer.took_ms.total / 1000)])


def show_answers(answer: AskResult, *, as_json: bool) -> None:
    """The answers of `search ask`: alone where there is one question, else behind each."""
    if as_json:
        emit_json(
            {
                "picture": answer.picture,
                "model": answer.model,
                "answers": [{"question": one.question, "answer": one.answer} for one in answer.answers],
                "took_ms": round(answer.took_ms, 2),
            }
        )
        return
    for one in answer.answers:
        alone = len(answer.answers) == 1
        emit(one_line(one.answer) if alone else f"{one_line(one.question)}\t{one_line(one.answer)}")
    say(f"{answer.model}, {span(answer.took_ms / 1000)}")


def _problem_json(path: bytes, problem: PictureProblem) -> dict[str, object]:
    error = {"kind": problem.kind.value, "reason": problem.reason}
    return {"picture": display(absolute(path)), "descriptions": [], "error": error}
