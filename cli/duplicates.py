"""`search duplicates`: what the library holds more than once, and which file of each group to keep."""

from typing import Annotated

import typer

from cli import context, options
from cli.filtering import read_filters
from core.duplicates import DuplicateKind
from core.errors import UsageError

EXAMPLES = """\
search duplicates
search duplicates --in ~/Downloads --in ~/Pictures --keep-in ~/Pictures
search duplicates --csv > duplicates.csv
search duplicates --kind identical -0 | xargs -0 ls -l   # every file but the one to keep"""

Kinds = Annotated[
    list[DuplicateKind] | None,
    typer.Option(
        "--kind", metavar="NAME", help="identical: the same bytes; near_copy: resized, recompressed. Repeatable."
    ),
]
KeepIn = Annotated[
    list[str] | None,
    typer.Option("--keep-in", metavar="FOLDER", help="Of files that are as good, keep the one in here. Repeatable."),
]
NoLook = Annotated[
    bool, typer.Option("--no-look", help="As they were when indexed: open nothing, and do not ask the disk.")
]
Groups = Annotated[
    int | None,
    typer.Option(
        "-k",
        metavar="NUMBER",
        min=1,
        help="How many groups: 20, or all where they are written as a list.",
        rich_help_panel=options.OUTPUT,
    ),
]
AsCsv = Annotated[
    bool, typer.Option("--csv", help="A table of every file, for a spreadsheet.", rich_help_panel=options.OUTPUT)
]
AsPaths = Annotated[
    bool, typer.Option("--paths", help="Paths of the files not to keep, one per line.", rich_help_panel=options.OUTPUT)
]
AsNul = Annotated[
    bool, typer.Option("--null", "-0", help="The same, a NUL after each: for xargs -0.", rich_help_panel=options.OUTPUT)
]


def duplicates(
    kinds: Kinds = None,
    keep_in: KeepIn = None,
    no_look: NoLook = False,
    in_folders: options.InFolders = None,
    date: options.Date = None,
    after: options.After = None,
    before: options.Before = None,
    camera: options.Camera = None,
    near: options.NearPlace = None,
    orientation: options.Shape = None,
    types: options.Types = None,
    tags: options.Tags = None,
    k: Groups = None,
    as_json: options.AsJson = False,
    as_json_lines: options.AsJsonLines = False,
    as_csv: AsCsv = False,
    as_paths: AsPaths = False,
    as_nul: AsNul = False,
    library: options.LibraryFolder = None,
) -> None:
    """Show pictures that are there more than once: identical files, and copies.

    Groups that waste most come first, in each the file to keep. Nothing is deleted.
    """
    from cli.duplicates_shown import Asked, List, choose_list, show_duplicates

    form = choose_list(as_json=as_json, as_json_lines=as_json_lines, as_csv=as_csv, as_paths=as_paths, as_nul=as_nul)
    if no_look and form in {List.PATHS, List.NUL}:
        raise UsageError(f"{form} lists files that can be spared, which takes a look at them: leave --no-look out")
    filters = read_filters(in_folders, date, after, before, camera, near, orientation, types, tags)
    asked = Asked(kinds or tuple(DuplicateKind), filters, tuple(keep_in or ()), look=not no_look)
    with context.open_library(library) as opened:
        show_duplicates(opened, asked, form, most=k)
