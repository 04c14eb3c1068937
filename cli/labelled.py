"""The answers of `search label`: for each picture and each set the labels that fit best."""

from collections.abc import Sequence
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING

from cli.answers import Form
from cli.console import emit, emit_json, out_console, out_is_terminal, say
from cli.progress import progress_shown
from cli.units import count, span
from core.errors import PictureProblem
from core.paths import absolute, display, json_path

if TYPE_CHECKING:
    from core.protocols import Encoder
    from searcher.label_sets import LabelSet
    from searcher.labels import Label
    from semantic_image_search.labels.labelling import Labeller

Found = Sequence[Sequence["Label"]]
"""For each set the labels that fit."""


def label_all(
    encoder: "Encoder", pictures: Sequence[bytes], sets: Sequence["LabelSet"], *, or_none: bool, k: int, form: Form
) -> int:
    """Label every picture and show each as it comes; says how many could not be read."""
    from semantic_image_search.labels.labelling import Labeller

    with progress_shown(lambda: encoder.info.name, first="labels") as listener:
        labeller = Labeller(encoder, sets, or_none=or_none, listener=listener)
    start, unreadable = perf_counter(), 0
    values: list[dict[str, object]] = []
    for number, path in enumerate(pictures):
        answer = _answer(labeller, path, k)
        if isinstance(answer, PictureProblem):
            unreadable += 1
            say(f"search: {display(path)}: {answer.reason}", style="red")
        if form is Form.LINES:
            _show(path, answer, sets, first=number == 0, alone=len(pictures) == 1)
            continue
        value = _json(path, answer, labeller, encoder.info.name)
        if form is Form.JSON_LINES:
            emit_json(value)
        values.append(value)
    if form is Form.JSON:
        emit_json(values[0] if len(values) == 1 else values)
    else:
        for notice in labeller.notices:
            say(notice, style="yellow")
    if form is Form.LINES and unreadable < len(pictures):
        of = " and ".join(f"{count(len(one.labels))} {one.name}" for one in sets)
        say(f"out of {of}, {encoder.info.name}, {span(perf_counter() - start)}")
    return unreadable


def list_sets(chosen: Sequence["LabelSet"], form: Form) -> None:
    """The built-in sets in a line each, or the labels of those chosen."""
    from searcher.label_sets import SETS

    shown = list(chosen) or list(SETS.values())
    if form is not Form.LINES:
        emit_json([{"set": one.name, "labels": one.labels, "templates": one.templates} for one in shown])
        return
    for one in shown:
        if chosen:
            emit("\n".join(one.labels))
        else:
            emit(f"{one.name:<12}{len(one.labels):>4}  {one.about}")


def _answer(labeller: "Labeller", path: bytes, k: int) -> "Found | PictureProblem":
    try:
        return labeller.best([path], k)[0]
    except PictureProblem as problem:
        return problem


def _show(
    path: bytes, answer: "Found | PictureProblem", sets: Sequence["LabelSet"], *, first: bool, alone: bool
) -> None:
    if not alone:
        emit(f"{'' if first else chr(10)}{display(path)}:")
    if isinstance(answer, PictureProblem):
        return
    for one, labels in zip(sets, answer, strict=True):
        for label in labels:
            _line(label, one.name)


def _line(label: "Label", of: str) -> None:
    """Probability (the cosine where there is none), label, set; on a terminal with a bar."""
    if not out_is_terminal():
        number = label.score if label.probability is None else label.probability
        emit(f"{number:.4f}\t{label.name}\t{of}")
        return
    from rich.text import Text

    known = label.probability is not None
    line = Text(f"{label.probability:>7.1%}  " if known else f"{label.score:>7.3f}  ", "cyan")
    line.append(f"{'━' * round(20 * (label.probability or 0)):<20}  ", "green")
    line.append(label.name, "bold")
    line.append(f"  {of}", "dim")
    out_console().print(line, soft_wrap=True)


def _json(path: bytes, answer: "Found | PictureProblem", labeller: "Labeller", model: str) -> dict[str, object]:
    shown: dict[str, object] = {**json_path(absolute(path)), "model": model}
    if isinstance(answer, PictureProblem):
        return {**shown, "sets": [], "error": {"kind": answer.kind.value, "reason": answer.reason}}
    sets = [
        {"set": one.name, "or_none": or_none, "labels": [asdict(label) for label in labels]}
        for one, or_none, labels in zip(labeller.sets, labeller.or_none, answer, strict=True)
    ]
    return {**shown, "sets": sets, "notices": list(labeller.notices)}
