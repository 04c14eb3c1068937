"""Answers for people and pipes: aligned lines on a terminal, plain lines in a pipe, paths alone, JSON.

A path is never cut nor broken by us: the terminal wraps a long one itself, so that it can be copied whole.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from cli.console import emit, emit_bytes, emit_json, out_console, out_is_terminal, say
from cli.matches import BELOW, NONE_WELL, matches_end, none_matches, percent
from cli.units import count, counted, minute, span
from core.errors import UsageError
from core.notices import Notice
from core.paths import display
from core.pictures import PictureFacts, TakenSource
from core.queries import LIKELY_MATCH, CopyKind, Hit, SearchResult
from searcher import hit_to_json, result_to_json

if TYPE_CHECKING:
    from rich.text import Text

COPY_WIDTH = max(map(len, CopyKind))


class Form(StrEnum):
    """How an answer is printed."""

    LINES = "lines"
    JSON = "--json"
    JSON_LINES = "--jsonl"
    PATHS = "--paths"
    NUL = "-0"


@dataclass(frozen=True, slots=True)
class Output:
    """What was asked for beside the answer itself."""

    form: Form = Form.LINES
    preview: bool = False
    open: bool = False
    verbose: bool = False


def choose_form(*, as_json: bool, as_json_lines: bool, as_paths: bool, as_nul: bool) -> Form:
    """The one form that was asked for.

    Raises:
        UsageError: two of them were.
    """
    given = ((as_json, Form.JSON), (as_json_lines, Form.JSON_LINES), (as_paths, Form.PATHS), (as_nul, Form.NUL))
    chosen = [form for asked, form in given if asked]
    if as_nul and as_paths:
        chosen.remove(Form.PATHS)  # -0 is paths already; both together say the same
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} are two ways to print one answer: give one of them")
    return chosen[0] if chosen else Form.LINES


def show_result(result: SearchResult, output: Output) -> None:
    """One answer on stdout in the form asked for; its notices and the summary on stderr."""
    if output.form is Form.JSON:
        emit_json(result_to_json(result))
    elif output.form is Form.JSON_LINES:
        for hit in result.hits:
            emit_json({**hit_to_json(hit), "model": result.model})
    else:
        show_hits(result.hits, output.form)
    if output.form is not Form.JSON:  # there they are a field
        say_nearest(result)
        show_notices(result)
    if output.form is Form.LINES:
        say_nothing_found(result)
        say(summary(result))
    if output.verbose:
        say(timings(result))


def show_hits(hits: Sequence[Hit], form: Form) -> None:
    """The hits as lines or as paths."""
    if form is Form.PATHS:
        emit_bytes(b"".join(hit.picture.path + b"\n" for hit in hits))
    elif form is Form.NUL:
        emit_bytes(b"".join(hit.picture.path + b"\0" for hit in hits))
    elif out_is_terminal():
        show_table(hits)
    else:
        for hit in hits:
            emit(plain_line(hit))
        if hits and hits[0].rank == 1 and matches_end(hits) == 0:
            say(NONE_WELL)


def show_table(hits: Sequence[Hit]) -> None:
    """The hits on a terminal, with a line where matches probably end."""
    console, end = out_console(), matches_end(hits)
    for i, hit in enumerate(hits):
        if i == end:
            console.print(_line_between(none_above=hit.rank == 1))
        console.print(styled_line(hit), soft_wrap=True)


def _line_between(*, none_above: bool) -> "Text":
    """Where matches probably end; above all of them, that nothing matches."""
    from rich.text import Text

    return Text(f"{NONE_WELL}; the nearest:", "yellow") if none_above else Text(f" {BELOW} ".center(60, "─"), "dim")


def say_nearest(result: SearchResult) -> None:
    """That nothing has the match that was asked for, and what comes nearest; never among the results."""
    if not result.nearest:
        return
    say(none_matches(result))
    for hit in result.nearest:
        say(plain_line(hit).replace("\t", "  "), indent=2)


HINTS: Mapping[str, str] = {
    "rerank_text_mode": "--rerank NUMBER takes one",
    "rerank_mixed": "--rerank NUMBER does so",
    "rerank_language": "--rerank NUMBER does it nevertheless",
    "rerank_slow": "`--rerank 10` waits for ten, `--rerank off` ends this line",
}
"""By a notice's code, the option that helps: whoever asks otherwise than on the command line has no such options."""


def with_hint(line: str) -> str:
    """A notice, as it is said here."""
    hint = HINTS.get(line.code) if isinstance(line, Notice) else None
    return f"{line}; {hint}" if hint else line


def show_notices(result: SearchResult) -> None:
    """What the person should know about this answer."""
    for notice in result.notices:
        say(with_hint(notice), style="yellow")


def say_nothing_found(result: SearchResult) -> None:
    """A word where the answer is empty and nothing says why."""
    if not result.hits and not result.notices and not result.nearest:
        say("nothing found")


def plain_line(hit: Hit) -> str:
    """One hit for a pipe: score, date, path (control characters escaped), and where it was judged, its match.

    A lookup says before the path how they are related.
    """
    fields = [f"{hit.score:.4f}", when(hit.picture.facts), display(hit.picture.path)]
    if hit.copy is not None:
        fields.insert(2, hit.copy.value)
    if hit.match is not None:
        fields.append(percent(hit))
    return "\t".join(fields)


def styled_line(hit: Hit) -> "Text":
    """One hit for a terminal: the path is a link, its folder stands back, its name stands out."""
    from rich.style import Style
    from rich.text import Text

    folder, slash, name = display(hit.picture.path).rpartition(os.sep)
    line = Text(f"{hit.rank:>4}  ", "dim")
    line.append(f"{hit.score:.3f}  ", "cyan")
    if hit.match is not None:
        line.append(f"{percent(hit):>3}  ", "green" if hit.match >= LIKELY_MATCH else "dim")
    line.append(f"{when(hit.picture.facts):>17}  ", "dim")
    if hit.copy is not None:
        line.append(f"{hit.copy.value:<{COPY_WIDTH}}  ", "dim" if hit.copy is CopyKind.SIMILAR else "green")
    link = Style(link=file_url(hit.picture.path))
    line.append(folder + slash, link + Style(dim=True))
    line.append(name, link + Style(bold=True))
    if hit.words:
        line.append("  " + " ".join(f"“{word}”" for word in hit.words), "blue")
    if hit.alike:
        line.append(f"  +{count(len(hit.alike))} alike", "magenta")
    if hit.picture.offline:
        line.append("  offline", "yellow")
    return line


def when(facts: PictureFacts) -> str:
    """The moment to the minute; a leading ~ where it is only the file's own time, nothing where no file was read."""
    if facts.width == 0:  # imported with its vector
        return ""
    return ("~" if facts.taken.source is TakenSource.FILE else "") + minute(facts.taken.local)


def file_url(path: bytes) -> str:
    """A link that terminals open: percent-encoded from the bytes, so that any name works."""
    if os.name == "nt":
        return PureWindowsPath(os.fsdecode(path)).as_uri()
    return "file://" + quote_from_bytes(path)


def summary(result: SearchResult) -> str:
    """The last line: what was searched, with what, how long it took."""
    if not result.library:
        return f"{counted(result.searched, 'file')} ranked, {result.model}, {span(result.took_ms.total / 1000)}"
    parts = [
        f"{count(result.indexed)} of {count(result.known)} indexed",
        result.model,
        f"{count(result.reranked)} reranked by {result.reranker}" if result.reranker else "",
        span(result.took_ms.total / 1000),
    ]
    if result.searched != result.indexed:
        parts.insert(0, f"{counted(result.searched, 'picture')} searched")
    return ", ".join(part for part in parts if part)


def timings(result: SearchResult) -> str:
    """Where the time of this query went."""
    took = result.took_ms
    steps = f"encode {took.encode:.1f} ms, retrieve {took.retrieve:.1f} ms, rerank {took.rerank:.1f} ms"
    told = f"{steps}, total {took.total:.1f} ms; space {result.space}, library {result.library}"
    return f"{told}; not reranked: {with_hint(result.not_reranked)}" if result.not_reranked else told
