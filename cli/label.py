"""`search label`: which of some labels fits a picture, and how probably."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.label_options import LABELS, Labels, LabelsFile, Sets, Templates, own_set
from cli.lookup import named_pictures
from cli.weights import with_weights
from core.errors import UsageError

if TYPE_CHECKING:
    from core.protocols import Encoder
    from searcher.label_sets import LabelSet

EXAMPLES = """\
search label photo.jpg
search label *.jpg --labels cat,dog,horse --or-none
search label photo.jpg --set scenes --set weather --json
search label --sets"""

Images = Annotated[
    list[str] | None,
    typer.Argument(metavar="IMAGE", help="Picture files; - reads a list of them from stdin.", show_default=False),
]
OrNone = Annotated[
    bool,
    typer.Option("--or-none", help="It may be none of them: everyday words compete.", rich_help_panel=LABELS),
]
ShowSets = Annotated[
    bool,
    typer.Option("--sets", help="List the built-in sets; with --set NAME, its labels.", rich_help_panel=LABELS),
]
Best = Annotated[
    int, typer.Option("-k", metavar="NUMBER", min=1, help="How many labels of a set.", rich_help_panel=options.OUTPUT)
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", help="Use this model, not the library's.", rich_help_panel=options.ADVANCED
    ),
]


def label(
    images: Images = None,
    sets: Sets = None,
    labels: Labels = None,
    labels_file: LabelsFile = None,
    template: Templates = None,
    or_none: OrNone = False,
    show_sets: ShowSets = False,
    k: Best = 5,
    as_json: options.AsJson = False,
    as_json_lines: options.AsJsonLines = False,
    library: options.LibraryFolder = None,
    model: Model = None,
    device: options.OnDevice = None,
) -> None:
    """Say which labels fit a picture, and how probable each is among the others.

    Without labels, those of the set objects. The library need not hold the picture.
    """
    from cli.answers import choose_form
    from cli.labelled import label_all, list_sets
    from searcher.label_sets import find_set

    form = choose_form(as_json=as_json, as_json_lines=as_json_lines, as_paths=False, as_nul=False)
    own = own_set(labels, labels_file, template)
    chosen: list[LabelSet] = [find_set(name) for name in dict.fromkeys(sets or ())]
    if show_sets:
        list_sets(chosen, form)
        return
    chosen += [own] if own else []
    if not images:
        raise UsageError("which picture? search label IMAGE… (the built-in sets: search label --sets)")
    paths = named_pictures(images)

    def run(encoder: "Encoder") -> int:
        return label_all(encoder, paths, chosen or [find_set("objects")], or_none=or_none, k=k, form=form)

    with context.open_library(library, device=device) as opened:
        of_library = model is None and opened.encoders.pinned() is not None
    if of_library:
        unreadable = with_weights(
            lambda download: context.open_library(library, device=device, download=download),
            lambda opened: run(opened.encoder()),
        )
    else:
        unreadable = run(_encoder(model, device=device, pictures=len(paths)))
    if unreadable:
        raise typer.Exit(1)


def _encoder(model: str | None, *, device: options.OnDevice, pictures: int) -> "Encoder":
    from cli.console import say

    chosen = context.choose_encoder(model, device=device, pictures=pictures)
    if chosen.notice:
        say(chosen.notice, style="yellow")
    return chosen.encoder
