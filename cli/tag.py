"""`search tag`: tags for many pictures from a set of labels, tags by hand, and which there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.filtering import read_filters
from cli.label_options import LABELS, Labels, LabelsFile, Sets, Templates, own_set
from cli.lookup import named_pictures
from cli.pictures import as_unicode
from cli.weights import with_weights
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searcher.label_sets import LabelSet

EXAMPLES = """\
search tag --set objects --min 0.3
search tag --labels birthday,wedding --in ~/Pictures/Family --dry-run
search tag ~/Pictures/Rome --add Rome --add holiday
search sunset --paths -0 | search tag - --add sunset
search tag --remove holiday"""

BY_HAND = "By hand"

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH", help="Only these pictures, and those below these folders; - reads a list.", show_default=False
    ),
]
Least = Annotated[
    float | None,
    typer.Option("--min", metavar="NUMBER", help="How probable a label has to be: 0.3.", rich_help_panel=LABELS),
]
OrNone = Annotated[
    bool | None,
    typer.Option(
        "--or-none/--no-none",
        help="A picture may show none of the labels. So with labels of your own.",
        rich_help_panel=LABELS,
        show_default=False,
    ),
]
Name = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="What your labels are called as a set.", rich_help_panel=LABELS),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count; tag nothing.", rich_help_panel=LABELS)]
Add = Annotated[
    list[str] | None,
    typer.Option("--add", metavar="TAG", help="Give this tag by hand. Repeatable.", rich_help_panel=BY_HAND),
]
Remove = Annotated[
    list[str] | None,
    typer.Option("--remove", metavar="TAG", help="Take this tag off. Repeatable.", rich_help_panel=BY_HAND),
]
RemoveSet = Annotated[
    list[str] | None,
    typer.Option(
        "--remove-set",
        metavar="NAME",
        help="Take all tags of a set off, or of user. Repeatable.",
        rich_help_panel=BY_HAND,
    ),
]
ShowTags = Annotated[
    bool,
    typer.Option("--list", help="Say which tags there are; so does nothing at all.", rich_help_panel=options.OUTPUT),
]


def tag(
    paths: Paths = None,
    sets: Sets = None,
    labels: Labels = None,
    labels_file: LabelsFile = None,
    template: Templates = None,
    least: Least = None,
    or_none: OrNone = None,
    name: Name = None,
    dry_run: DryRun = False,
    add: Add = None,
    remove: Remove = None,
    remove_set: RemoveSet = None,
    in_folders: options.InFolders = None,
    date: options.Date = None,
    after: options.After = None,
    before: options.Before = None,
    camera: options.Camera = None,
    near: options.NearPlace = None,
    orientation: options.Shape = None,
    types: options.Types = None,
    tags: options.Tags = None,
    show_tags: ShowTags = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Tag pictures: with the labels that fit them, or by hand.

    A set of labels goes over the whole library (or the part that is named) without opening a picture, and replaces the
    tags it gave before. --tag in other commands finds what has a tag.
    """
    from cli.tagged import Which, change_by_hand, give_tags, show_list
    from searcher.label_sets import find_set

    own = own_set(labels, labels_file, template, name=None if name is None else as_unicode(name))
    chosen = [*(find_set(one) for one in dict.fromkeys(sets or ())), *([own] if own else [])]
    _refuse_mixed(labels=bool(chosen), by_hand=bool(add or remove or remove_set), show=show_tags)
    _refuse_without_labels(chosen, {"--min": least, "--or-none": or_none, "--as": name, "--dry-run": dry_run or None})
    if name is not None and own is None:
        raise UsageError("--as names labels of your own (--labels, --labels-file); a built-in set has its name")
    plain = [as_unicode(one) for one in tags or ()]
    filters = read_filters(in_folders, date, after, before, camera, near, orientation, types, plain)
    which = Which(tuple(named_pictures(paths or ())), filters)
    if chosen:
        unknown = with_weights(
            lambda download: context.open_library(library, device=device, download=download),
            lambda opened: give_tags(
                opened, chosen, which, least=least, or_none=or_none, dry_run=dry_run, as_json=as_json
            ),
        )
    else:
        with context.open_library(library) as opened:
            if add or remove or remove_set:
                names = [[as_unicode(one) for one in some or ()] for some in (add, remove, remove_set)]
                unknown = change_by_hand(opened, which, *names, as_json=as_json)
            else:
                unknown = show_list(opened, which, as_json=as_json)
    if unknown:
        raise typer.Exit(1)


def _refuse_mixed(*, labels: bool, by_hand: bool, show: bool) -> None:
    """One thing at a time.

    Raises:
        UsageError: two were asked for.
    """
    asked = [
        what
        for given, what in (
            (labels, "tagging with labels (--set, --labels, --labels-file)"),
            (by_hand, "tagging by hand (--add, --remove, --remove-set)"),
            (show, "--list"),
        )
        if given
    ]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} are two things: do one after the other")


def _refuse_without_labels(chosen: "Sequence[LabelSet]", given: dict[str, object]) -> None:
    """Options that say something of labels need some.

    Raises:
        UsageError: names the first of them.
    """
    for name, value in given.items():
        if value is not None and not chosen:
            raise UsageError(f"{name} goes with labels: name a set (--set objects) or give your own (--labels)")
