"""The table of `search models list`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cli.console import emit, out_console, out_is_terminal
from cli.units import size
from core.errors import LibraryNotFound, LibraryTooOld
from core.models import ModelSpec, ModelTask

if TYPE_CHECKING:
    from semantic_image_search import Library

BUILT_IN = "built in"  # where others have the size of their download

_TASKS = {
    ModelTask.CLIP: "to index and search with",
    ModelTask.RERANK: "to look at the results again: which really fit (--rerank)",
    ModelTask.CAPTION: "to write captions (search captions generate, search describe)",
    ModelTask.ANSWER: "to answer questions about a picture (search ask)",
}
"""What models are for, as headings, in the order of the table."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model, whether its weights are here, and whether the library uses it."""

    spec: ModelSpec
    cached: bool
    in_use: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        spec = self.spec
        return (
            spec.name,
            str(spec.dim),
            BUILT_IN if spec.built_in else size(spec.download_bytes),
            "most" if "*" in spec.languages else " ".join(spec.languages),
            spec.licence,
            "yes" if self.cached else "",
            "yes" if self.in_use else "",
            spec.good_for,
            spec.task.value,
        )


def table_rows(library: "Library") -> list[ModelRow]:
    """Every model of the catalogue."""
    from encoders import CATALOGUE, weights_cached

    used = _used(library)
    return [ModelRow(spec, weights_cached(spec), spec.name in used) for spec in CATALOGUE]


def show_models(rows: Sequence[ModelRow]) -> None:
    """By task, two lines a model on a terminal; in a pipe the cells of each, separated by tabs."""
    if not out_is_terminal():
        for row in rows:
            emit("\t".join(row.cells))
        return
    from rich.text import Text

    shown = [(row.cells[0], *row.cells[2:5]) for row in rows]  # the dimensions are for scripts: 80 columns are few
    widths = [max(len(cells[column]) for cells in shown) for column in range(4)]
    for task, heading in _TASKS.items():
        out_console().print(Text(heading, "underline"), soft_wrap=True)
        for row, own in zip(rows, shown, strict=True):
            if row.spec.task is not task:
                continue
            name, *cells = (cell.ljust(width) for cell, width in zip(own, widths, strict=True))
            line = Text(f"{name}  ", "bold").append("  ".join(cells).rstrip(), "default")
            mark = "in use" if row.in_use else "cached" if row.cached and not row.spec.built_in else ""
            out_console().print(line.append(f"  {mark}", "green"), soft_wrap=True)
            out_console().print(Text(f"  {row.spec.good_for}", "dim"), soft_wrap=True)


def models_json(rows: Sequence[ModelRow]) -> list[dict[str, object]]:
    """The catalogue's rows with `cached` and `in_use`."""
    return [{**asdict(row.spec), "cached": row.cached, "in_use": row.in_use} for row in rows]


def _used(library: "Library") -> set[str]:
    try:
        return {one.space.name for one in library.status().spaces}
    except (LibraryNotFound, LibraryTooOld):
        return set()
