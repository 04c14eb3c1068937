"""`search index`: make folders of pictures searchable, or bring the library up to date."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.weights import Way, choosing, fetching, model_of
from core.errors import UsageError

if TYPE_CHECKING:
    from core.indexing import IndexReport, RootOptions
    from semantic_image_search import Library

EXAMPLES = """\
search index ~/Pictures
search index ~/Pictures --exclude 'Screenshots/' --exclude '*.gif'
search index"""

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH", help="Folders or pictures; without any, all that are known.", show_default=False),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The model of a new library; see search models list.")
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", metavar="NUMBER", min=1, max=4096, help="Pictures encoded at once.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="PATTERN", help="Leave these out; as in .gitignore. Repeatable, remembered."),
]
MaxMegapixels = Annotated[
    int | None,
    typer.Option("--max-megapixels", metavar="NUMBER", min=1, max=2000, help="Skip larger pictures. Remembered."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Profile = Annotated[bool, typer.Option("--profile", help="Say at the end where the time went.")]
Prune = Annotated[bool, typer.Option("--prune", help="Forget for good what has vanished, unplugged drives included.")]


def index(
    paths: Paths = None,
    model: Model = None,
    device: options.OnDevice = None,
    batch_size: BatchSize = None,
    workers: options.Workers = None,
    exclude: Exclude = None,
    max_megapixels: MaxMegapixels = None,
    dry_run: DryRun = False,
    prune: Prune = False,
    profile: Profile = False,
    recall: options.Recall = None,
    wait: options.Wait = 0.0,
    yes: options.Download = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Make folders of pictures searchable, or bring the library up to date.

    The folders are remembered: without any, all of them are looked through again. Only what is new or changed is read.
    Your pictures are never written to. Ctrl-C keeps what is finished.
    """
    from cli.failures import INTERRUPTED
    from cli.profiles import show_profile
    from cli.progress import progress_shown
    from cli.reports import show_report

    if profile and dry_run:
        raise UsageError("--profile says where a run's time went, and --dry-run makes none: leave one of them out")

    def open_library(way: Way) -> "Library":
        return context.open_library(library, model=way.model or model, device=device, download=way.download)

    with open_library(Way()) as new:
        root_options = _root_options(new, exclude, max_megapixels)
        default = None if dry_run else new.undecided(paths or (), options=root_options)

    def run(way: Way) -> "IndexReport":
        with open_library(way) as opened, progress_shown(lambda: model_of(opened)) as listener:
            return opened.index(
                paths or (),
                options=root_options,
                batch_size=batch_size,
                workers=workers,
                dry_run=dry_run,
                prune=prune,
                recall=recall,
                wait_s=wait,
                listener=listener,
            )

    if default is None:
        report = fetching(lambda download: run(Way(download=download)), yes=yes)
    else:
        report = choosing(run, default=default, later=f"search models use {default}", yes=yes)
    show_report(report, dry_run=dry_run, as_json=as_json, profiled=profile)
    if profile and report.profile is not None and not as_json:
        show_profile(report.profile, pictures=report.embedded)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


def _root_options(library: "Library", exclude: list[str] | None, max_megapixels: int | None) -> "RootOptions | None":
    """None where nothing was said: then each root keeps what it remembers."""
    from core.indexing import RootOptions

    if exclude is None and max_megapixels is None:
        return None
    return RootOptions(tuple(exclude or ()), max_megapixels or library.settings.max_megapixels)
