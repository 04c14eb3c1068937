"""`search models precompute`: a reranker looks at every picture once, so that reranking is quick from then on."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.console import emit, emit_json, say
from cli.units import count, counted, rate, size, span

if TYPE_CHECKING:
    from semantic_image_search import Library
    from semantic_image_search.precompute import PrecomputeReport

EXAMPLES = """\
search models precompute
search models precompute --max-mb 12000"""

Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="A reranker; default: the one of the settings.", show_default=False),
]
MaxMb = Annotated[
    int | None,
    typer.Option("--max-mb", metavar="NUMBER", min=1, help="Keep up to so many MB for this library from now on."),
]


def precompute(
    name: Name = None,
    max_mb: MaxMb = None,
    workers: options.Workers = None,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
    device: options.OnDevice = None,
    library: options.LibraryFolder = None,
) -> None:
    """Show the reranker every picture once, so that reranking is quick.

    What it saw takes 886 kB a picture at base size. Ctrl-C keeps what is done, and the next run goes on from there.
    """
    from cli.progress import progress_shown
    from cli.weights import with_weights

    def work(opened: "Library") -> "PrecomputeReport":
        plan = opened.second_stage.plan_precompute()
        name, pictures = opened.second_stage.reranker_name, counted(len(plan.missing), "picture")
        if plan.missing:
            say(f"showing {pictures} to {name}; all it has seen will take {size(plan.total_bytes)}")
        with progress_shown(lambda: name, first="see") as listener:
            return opened.second_stage.precompute(plan=plan, max_mb=max_mb, workers=workers, listener=listener)

    report = with_weights(
        lambda download: context.open_library(library, reranker=name, device=device, download=download),
        work,
        yes=yes,
    )
    _show(report, as_json=as_json)


def _show(report: "PrecomputeReport", *, as_json: bool) -> None:
    """The end of a run: one JSON object, or a few lines.

    Raises:
        typer.Exit: Ctrl-C ended it.
    """
    from cli.failures import INTERRUPTED
    from cli.reports import problem_json, show_problems_by_kind

    if as_json:
        emit_json(
            {
                "reranker": report.reranker,
                "seen": report.seen,
                "known": report.known,
                "left": report.left,
                "away": report.away,
                "skipped": len(report.problems),
                "kept_bytes": report.kept_bytes,
                "seconds": round(report.seconds, 3),
                "interrupted": report.interrupted,
                "problems": [problem_json(problem) for problem in report.problems],
            }
        )
    else:
        emit(_line(report))
        show_problems_by_kind(report.problems, all_by="--json")
        if report.interrupted:
            say("stopped; what it saw is kept, and search models precompute goes on from here", style="yellow")
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


def _line(report: "PrecomputeReport") -> str:
    if not report.seen and not report.problems and not report.away:
        return f"{report.reranker} has seen all {count(report.known)} pictures before"
    parts = [
        f"{report.reranker} saw {counted(report.seen, 'picture')} in {span(report.seconds)}",
        f"{rate(report.seen / max(report.seconds, 1e-9))} a second",
        f"{count(report.known)} known before" if report.known else "",
        f"{count(report.left)} left" if report.left else "",
        f"{count(report.away)} out of reach" if report.away else "",
        f"{size(report.kept_bytes)} kept",
    ]
    return ", ".join(part for part in parts if part)
