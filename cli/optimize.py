"""`search optimize`: leave dead rows behind, and build the vector index anew."""

from typing import TYPE_CHECKING

import typer

from cli import context, options
from cli.console import emit, emit_json, say
from cli.units import count, counted, recalls, size, span
from core.models import VectorKind

if TYPE_CHECKING:
    from core.optimizing import IndexFacts, OptimizeReport, RowsReport

EXAMPLES = """\
search optimize
search optimize --recall 0.95
search optimize --device cuda"""

THINGS = {"image": ("picture", "pictures"), "caption": ("caption", "captions")}


def optimize(
    recall: options.Recall = None,
    device: options.IndexDevice = None,
    wait: options.Wait = 0.0,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Leave dead rows behind, and build the vector index anew.

    search index does what is due of this by itself; this does it now. The old index answers until the new one is
    written; Ctrl-C leaves it as it was.
    """
    from cli.failures import INTERRUPTED
    from cli.progress import progress_shown

    with context.open_library(library) as opened:
        try:
            with progress_shown(str, first="finish") as listener:
                report = opened.optimize(recall=recall, device=device, wait_s=wait, listener=listener)
        except KeyboardInterrupt:
            say("stopped; what was there before still answers", style="yellow")
            raise typer.Exit(INTERRUPTED) from None
    if as_json:
        emit_json(optimize_json(report))
    else:
        _show(report)


def _show(report: "OptimizeReport") -> None:
    for part in report.parts:
        if part.compacted:
            emit(f"{_name(part)}: {counted(part.compacted, 'dead row')} left behind")
        emit(f"{_name(part)}: {_searched(part, report.exact_below)}")
        if part.after is not None and part.after.recall < part.after.target:
            say(
                f"a recall of {part.after.target:g} was asked for; {part.after.recall:.3f} is the best there is",
                style="yellow",
            )
    emit(f"{size(report.bytes_before)} before, {size(report.bytes_after)} now; {span(report.seconds)}")


def _name(part: "RowsReport") -> str:
    return f"{THINGS[part.kind][1]} ({part.model})"


def _searched(part: "RowsReport", exact_below: int) -> str:
    if part.after is None:
        return (
            f"{count(part.rows)} are searched exactly; that needs no index with fewer than {count(exact_below)}"
            " (setting exact_below)"
        )
    after = part.after
    built = f"{after.structure} over {counted(after.rows, 'row')}, built on {after.built_on}"
    return f"{built}, {_recall(part, after)}; before: {_recall(part, part.before)}"


def _recall(part: "RowsReport", index: "IndexFacts | None") -> str:
    if index is None:
        return "exact search"
    return recalls(index.recall_image, index.recall_text, captions=part.kind == VectorKind.CAPTION)


def optimize_json(report: "OptimizeReport") -> dict[str, object]:
    """The stable shape that docs/json.md promises."""
    return {
        "parts": [
            {
                "model": part.model,
                "kind": part.kind,
                "rows": part.rows,
                "compacted": part.compacted,
                "before": _index_json(part.before),
                "after": _index_json(part.after),
            }
            for part in report.parts
        ],
        "exact_below": report.exact_below,
        "compacted": report.compacted,
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
        "seconds": round(report.seconds, 3),
    }


def _index_json(index: "IndexFacts | None") -> dict[str, object] | None:
    if index is None:
        return None
    return {
        "structure": index.structure,
        "rows": index.rows,
        "recall_image": round(index.recall_image, 4),
        "recall_text": round(index.recall_text, 4),
        "target": index.target,
        "bytes": index.size_bytes,
        "built_on": index.built_on,
    }
