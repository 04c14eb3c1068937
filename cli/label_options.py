"""Which labels to choose from: the options that `search label` and `search tag` share."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.pictures import as_unicode, shown
from core.errors import UsageError

if TYPE_CHECKING:
    from searcher.label_sets import LabelSet

LABELS = "Which labels"

Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME", help="A built-in set, such as objects. Repeatable.", rich_help_panel=LABELS),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", metavar="A,B,…", help="Labels of your own. Repeatable.", rich_help_panel=LABELS),
]
LabelsFile = Annotated[
    Path | None,
    typer.Option("--labels-file", metavar="FILE", help="Labels of your own, one a line.", rich_help_panel=LABELS),
]
Templates = Annotated[
    list[str] | None,
    typer.Option(
        "--template",
        metavar="TEXT",
        help="A sentence with {} for your labels, instead of CLIP's. Repeatable.",
        rich_help_panel=LABELS,
    ),
]


def own_set(
    labels: Sequence[str] | None, file: Path | None, templates: Sequence[str] | None, *, name: str | None = None
) -> "LabelSet | None":
    """The labels that were typed and those of the file as one set; None where there are none.

    Args:
        labels: as typed, each a list with commas.
        file: one label a line; empty lines and those that begin with # are left out.
        templates: the sentences they are put into; None: CLIP's.
        name: what the set is called; None: after the file, else UNNAMED.

    Raises:
        UsageError: the file cannot be read, or the labels or templates cannot be used.
    """
    from searcher.label_sets import UNNAMED, make_set, split_words
    from searcher.templates import THINGS

    if labels is None and file is None:
        if templates:
            raise UsageError(
                "--template is for labels of your own (--labels, --labels-file): a built-in set has its own"
            )
        return None
    words = [word for text in labels or () for word in split_words(as_unicode(text))]
    if file is not None:
        words += _lines(file)
    called = name or (as_unicode(file.stem) if file is not None else UNNAMED)
    return make_set(called, words, [as_unicode(one) for one in templates] if templates else THINGS)


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{shown(file)} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown(file)} is no text in UTF-8") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
