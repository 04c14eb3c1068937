"""`search captions generate` and `search captions filter`: captions written by a model, and judged by another."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.console import emit, emit_json, say
from cli.progress import progress_shown
from cli.reports import problem_json, show_problems_by_kind
from cli.units import count, counted, span
from cli.weights import fetching
from core.captioning import LEAST_MATCH, CaptionReport, CaptionRequest
from core.errors import UsageError
from core.paths import absolute

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.indexing import ProgressListener
    from semantic_image_search import Library

GENERATE_EXAMPLES = """\
search captions generate
search captions generate --in ~/Pictures/2019 --limit 500"""
FILTER_EXAMPLES = """\
search captions filter
search captions filter --min 0.8"""

InFolders = Annotated[
    list[str] | None,
    typer.Option("--in", metavar="FOLDER", help="Only pictures below this folder. Repeatable."),
]
Limit = Annotated[int | None, typer.Option("--limit", metavar="NUMBER", min=1, help="No more pictures than this.")]
Least = Annotated[
    float,
    typer.Option("--min", metavar="NUMBER", min=0, max=1, help="Keep what fits at least this probably."),
]
Captioner = Annotated[str | None, typer.Option("--model", metavar="NAME", help="The model that writes them.")]
Judge = Annotated[str | None, typer.Option("--model", metavar="NAME", help="The reranker that judges them.")]
NoFilter = Annotated[bool, typer.Option("--no-filter", help="Keep all of them, unjudged.")]
All = Annotated[bool, typer.Option("--all", help="Look again at what it has judged before, too.")]


def generate(
    in_folders: InFolders = None,
    model: Captioner = None,
    limit: Limit = None,
    least: Least = LEAST_MATCH,
    no_filter: NoFilter = False,
    workers: options.Workers = None,
    wait: options.Wait = 0.0,
    yes: options.Download = False,
    as_json: options.AsJson = False,
    device: options.OnDevice = None,
    library: options.LibraryFolder = None,
) -> None:
    """Let a model write a caption for each picture that has none by it.

    Where a reranker is on this machine, it judges each: what does not fit is kept, marked, and found by nothing.
    Ctrl-C keeps what is written, and the next run goes on from there.
    """
    request = CaptionRequest(folders=_folders(in_folders), limit=limit, least=least, workers=workers or 0)

    def work(opened: "Library", listener: "ProgressListener") -> CaptionReport:
        return opened.captions.generate(request, judged=not no_filter, wait_s=wait, listener=listener)

    report = fetching(
        lambda download: _run(
            lambda: context.open_library(library, captioner=model, device=device, download=download), work, "caption"
        ),
        yes=yes,
    )
    _show(report, "search captions generate", as_json=as_json)


def filter_(
    least: Least = LEAST_MATCH,
    again: All = False,
    in_folders: InFolders = None,
    limit: Limit = None,
    model: Judge = None,
    workers: options.Workers = None,
    wait: options.Wait = 0.0,
    yes: options.Download = False,
    as_json: options.AsJson = False,
    device: options.OnDevice = None,
    library: options.LibraryFolder = None,
) -> None:
    """Judge whether the captions fit their pictures; those that do not are marked, and found by nothing.

    A reranker looks at each once; with another --min, what it judged before is marked anew without looking. Nothing is
    deleted. Ctrl-C keeps what is judged, and the next run goes on from there.
    """
    request = CaptionRequest(folders=_folders(in_folders), limit=limit, least=least, again=again, workers=workers or 0)

    def work(opened: "Library", listener: "ProgressListener") -> CaptionReport:
        return opened.captions.filter(request, wait_s=wait, listener=listener)

    report = fetching(
        lambda download: _run(
            lambda: context.open_library(library, reranker=model, device=device, download=download), work, "judge"
        ),
        yes=yes,
    )
    _show(report, "search captions filter", as_json=as_json)


def _folders(words: list[str] | None) -> tuple[bytes, ...]:
    """Absolute paths.

    Raises:
        UsageError: one is empty, which would be the present folder.
    """
    if any(not word for word in words or ()):
        raise UsageError("the folder to look in is empty: name one, such as ~/Pictures")
    return tuple(absolute(word) for word in words or ())


def _run(
    open_library: "Callable[[], Library]", work: "Callable[[Library, ProgressListener], CaptionReport]", first: str
) -> CaptionReport:
    with (
        open_library() as opened,
        progress_shown(lambda: opened.second_stage.captioner_name, first=first) as listener,
    ):
        return work(opened, listener)


def _show(report: CaptionReport, command: str, *, as_json: bool) -> None:
    """The end of a run: one JSON object on stdout, or a few lines.

    Raises:
        typer.Exit: Ctrl-C ended it.
    """
    from cli.failures import INTERRUPTED

    if as_json:
        emit_json(report_json(report))
    else:
        for notice in report.notices:
            say(notice, style="yellow")
        for line in report_lines(report):
            emit(line)
        show_problems_by_kind(report.problems, all_by="--json")
        if report.interrupted:
            say(f"stopped; what is listed above is kept, and {command} goes on from here", style="yellow")
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


def report_lines(report: CaptionReport) -> list[str]:
    """What was written, what was judged, what is left."""
    lines = []
    if report.model is not None:
        lines.append(f"{counted(report.written, 'caption')} written by {report.model} in {span(report.seconds)}")
    if report.judge is not None and (report.judged or report.model is None):
        kept = f"{count(report.kept)} fit, {count(report.marked)} marked as not fitting"
        lines.append(f"{counted(report.judged, 'caption')} judged by {report.judge}: {kept}")
    if report.embedded:
        lines.append(f"{counted(report.embedded, 'text')} embedded")
    if report.left:
        one, many = ("picture is", "pictures are") if report.model is not None else ("caption is", "captions are")
        lines.append(f"{counted(report.left, one, many)} left")
    if not (report.written or report.judged or report.left or report.skipped):
        lines[:1] = [f"nothing left to do for {report.model or report.judge}"]
    return lines


def report_json(report: CaptionReport) -> dict[str, object]:
    """The stable shape that docs/json.md promises."""
    return {
        "model": report.model,
        "judge": report.judge,
        "written": report.written,
        "judged": report.judged,
        "kept": report.kept,
        "marked": report.marked,
        "skipped": report.skipped,
        "left": report.left,
        "embedded": report.embedded,
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "problems": [problem_json(problem) for problem in report.problems],
        "notices": list(report.notices),
    }
