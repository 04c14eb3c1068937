"""Evaluations for people and programs: a table, and the stable shape that docs/json.md promises."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cli.console import emit, out_console, out_is_terminal, say
from cli.reports import problem_json
from cli.units import count, counted, span
from core.paths import display

if TYPE_CHECKING:
    from searcher.cut_off import CutOff
    from searcher.evaluation import Summary
    from semantic_image_search.evaluation.index import Cost, KindReport, SelfReport
    from semantic_image_search.evaluation.records import Direction, EvaluationReport, ModelReport

STEPS = ("encode", "retrieve", "rerank")  # where the time of a query goes
FIGURES = ("R@1", "R@5", "R@10", "median", "MRR")
HEADINGS = ("model", "direction", "second stage", *FIGURES, *(f"{step} ms" for step in STEPS))
FOUND = (0.5, 0.8, 0.9)  # the points of the cut-off curve that are shown
CUT_OFF_HEADINGS = ("model", "match by", *(f"wrong at {share:.0%} found" for share in FOUND))
SELF_HEADINGS = ("queries", "from", "recall", "worst", "ms/query", "95%", "exact ms", "95%")


def show_evaluation(report: "EvaluationReport") -> None:
    """The table on stdout, what was left out on stderr; in a pipe cells are separated by tabs."""
    for line in left_out(report):
        say(line, style="yellow")
    show_table([HEADINGS, *_rows(report)], words=3)
    emit("")
    show_table([CUT_OFF_HEADINGS, *_cut_off_rows(report)], words=2)
    for notice in report.notices:
        say(notice, style="yellow")
    say(_summary(report))


def show_table(rows: Sequence[Sequence[str]], *, words: int) -> None:
    """Rows under their headings, which are the first; the first `words` columns are no numbers."""
    if not out_is_terminal():
        for row in rows:
            emit("\t".join(row))
        return
    from rich.text import Text

    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        out_console().print(Text("  ".join(cells).rstrip(), "" if number else "bold"), soft_wrap=True)


def left_out(report: "EvaluationReport") -> Iterator[str]:
    """A line for each reason for which something of the file does not count."""
    if report.missing:
        first = display(report.missing[0].encode("utf-8", "surrogatepass"))
        yield f"{counted(len(report.missing), 'picture')} of the file left out, not in the folder ({first}, …)"
    if report.unreadable:
        one = report.unreadable[0]
        yield f"{counted(len(report.unreadable), 'picture')} left out, unreadable ({display(one.path)}: {one.reason})"
    if report.bad_rows:
        yield f"{counted(report.bad_rows, 'row')} of the file left out ({report.told[0]})"
    if report.surplus:
        yield f"{counted(report.surplus, 'caption')} beyond the first few of a picture left out (--per-picture)"


def _rows(report: "EvaluationReport") -> Iterator[tuple[str, ...]]:
    for one in report.models:
        for name, direction in (("text to image", one.text_to_image), ("image to text", one.image_to_text)):
            took = direction.took_ms
            yield (one.model, name, "", *_numbers(direction.first), f"{took.encode:.2f}", f"{took.retrieve:.2f}", "")
            if direction.reranked is not None:
                second = f"{report.reranker}, {report.rerank.depth}"
                spent = (f"{getattr(took, step):.2f}" for step in STEPS)
                yield (one.model, name, second, *_numbers(direction.reranked), *spent)


def _cut_off_rows(report: "EvaluationReport") -> Iterator[tuple[str, ...]]:
    for one in report.models:
        yield (one.model, "cosines", *_wrong(one.cut_off))
        if one.cut_off_reranked is not None:
            yield (one.model, f"{report.reranker}", *_wrong(one.cut_off_reranked))


def _wrong(curve: "Sequence[CutOff]") -> Iterator[str]:
    from searcher.cut_off import wrong_at

    return (f"{100 * wrong_at(curve, share):.1f}" for share in FOUND)


def _numbers(summary: "Summary") -> tuple[str, ...]:
    recalls = (f"{100 * share:.1f}" for share in summary.recall.values())
    return (*recalls, f"{summary.median_rank:g}", f"{summary.mean_reciprocal_rank:.3f}")


def _summary(report: "EvaluationReport") -> str:
    return (
        f"{counted(report.pictures, 'picture')}, {count(report.captions)} captions of {report.captions_file}, "
        f"{span(report.seconds)}"
    )


def evaluation_json(report: "EvaluationReport") -> dict[str, object]:
    """The stable shape that docs/json.md promises; shares are from 0 to 1."""
    return {
        "captions_file": report.captions_file,
        "pictures": report.pictures,
        "captions": report.captions,
        "left_out": {
            "missing": len(report.missing),
            "missing_names": [display(name.encode("utf-8", "surrogatepass")) for name in report.missing],
            "unreadable": [problem_json(problem) for problem in report.unreadable],
            "bad_rows": report.bad_rows,
            "bad_rows_told": list(report.told),
            "surplus_captions": report.surplus,
        },
        "reranker": report.reranker,
        "depth": report.rerank.depth,
        "fusion": report.rerank.fusion.value,
        "see_ms": round(report.see_ms, 3),
        "models": [_model_json(one) for one in report.models],
        "seconds": round(report.seconds, 3),
        "notices": list(report.notices),
    }


def _model_json(one: "ModelReport") -> dict[str, object]:
    return {
        "model": one.model,
        "text_to_image": _direction_json(one.text_to_image),
        "image_to_text": _direction_json(one.image_to_text),
        "cut_off": _curve_json(one.cut_off),
        "cut_off_reranked": None if one.cut_off_reranked is None else _curve_json(one.cut_off_reranked),
    }


def _curve_json(curve: "Sequence[CutOff]") -> list[dict[str, float]]:
    return [
        {"threshold": round(point.threshold, 6), "found": round(point.found, 6), "wrong": round(point.wrong, 6)}
        for point in curve
    ]


def _direction_json(direction: "Direction") -> dict[str, object]:
    took = direction.took_ms
    return {
        "first_stage": _summary_json(direction.first),
        "reranked": None if direction.reranked is None else _summary_json(direction.reranked),
        "ms_per_query": {
            "encode": round(took.encode, 3),
            "retrieve": round(took.retrieve, 3),
            "rerank": round(took.rerank, 3),
            "total": round(took.total, 3),
        },
    }


def _summary_json(summary: "Summary") -> dict[str, object]:
    return {
        "queries": summary.queries,
        **{f"recall_{k}": round(share, 6) for k, share in summary.recall.items()},
        "median_rank": summary.median_rank,
        "mean_reciprocal_rank": round(summary.mean_reciprocal_rank, 6),
    }


def show_self(report: "SelfReport") -> None:
    """How the library is searched, and what that finds of an exact search."""
    for notice in report.notices:
        say(notice, style="yellow")
    emit(_searched_how(report))
    rows = [(f"{one.queries} {one.kind}", one.source, *_kind_numbers(one)) for one in report.kinds]
    show_table([SELF_HEADINGS, *rows], words=2)


def _searched_how(report: "SelfReport") -> str:
    pictures = counted(report.pictures, "picture")
    index = report.index
    if index is None:
        return f"{pictures}, no index: everything is searched exactly, so recall@{report.k} is 1 by construction"
    newer = f", {counted(report.newer, 'newer row')} searched exactly" if report.newer else ""
    return (
        f"{pictures}, {index.structure}, {index.nprobe} lists probed, {index.candidates} candidates re-scored{newer}; "
        f"recall@{report.k} against exact search:"
    )


def _kind_numbers(one: "KindReport") -> tuple[str, ...]:
    milliseconds = (one.search.median_ms, one.search.most_ms, one.exact.median_ms, one.exact.most_ms)
    return (f"{one.recall:.4f}", f"{one.worst:.1f}", *(f"{number:.2f}" for number in milliseconds))


def self_json(report: "SelfReport") -> dict[str, object]:
    """The stable shape that docs/json.md promises."""
    index = report.index
    return {
        "library": report.library,
        "model": report.model,
        "pictures": report.pictures,
        "k": report.k,
        "exact": index is None,
        "index": None
        if index is None
        else {
            "structure": index.structure,
            "nprobe": index.nprobe,
            "candidates": index.candidates,
            "built_rows": index.built_rows,
            "newer_rows": report.newer,
            "recall_image_when_built": index.recall_image,
            "recall_text_when_built": index.recall_text,
        },
        "kinds": [
            {
                "kind": one.kind,
                "source": one.source,
                "queries": one.queries,
                "recall": round(one.recall, 6),
                "worst": round(one.worst, 6),
                "search_ms": _cost_json(one.search),
                "exact_ms": _cost_json(one.exact),
            }
            for one in report.kinds
        ],
        "notices": list(report.notices),
    }


def _cost_json(cost: "Cost") -> dict[str, float]:
    return {"median": round(cost.median_ms, 4), "95%": round(cost.most_ms, 4)}
