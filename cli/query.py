"""`search query`: pictures that fit some words, an example picture, or a mixture of them."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import context, options, second_look
from cli.console import all_said, say
from cli.filtering import read_filters
from cli.pictures import as_unicode, naming, shown
from cli.weights import fetching
from core.errors import UsageError
from core.models import Device

if TYPE_CHECKING:
    from cli.answers import Output
    from core.arrays import Vectors
    from core.queries import SearchResult
    from semantic_image_search.warm.messages import SearchQuestion

EXAMPLES = """\
search query "a dog on the beach" --date 2019..2021 -k 20
search a red car --image sketch.png --not "toy car"
search a red car --not-image toy.jpg
search "a cat in a hat" --files out/*.png
search sunset -0 | xargs -0 cp -t ~/sunsets"""

Words = Annotated[
    list[str] | None, typer.Argument(metavar="TEXT", help="What to look for, in words.", show_default=False)
]
Images = Annotated[
    list[Path] | None,
    typer.Option(
        "--image", metavar="FILE", help="Like this picture, too. Repeatable.", rich_help_panel=options.COMBINE
    ),
]
NotTexts = Annotated[
    list[str] | None,
    typer.Option("--not", metavar="TEXT", help="But not this. Repeatable.", rich_help_panel=options.COMBINE),
]
NotImages = Annotated[
    list[Path] | None,
    typer.Option(
        "--not-image", metavar="FILE", help="But not like this picture. Repeatable.", rich_help_panel=options.COMBINE
    ),
]
ImageWeight = Annotated[
    float,
    typer.Option(
        "--image-weight",
        metavar="NUMBER",
        min=0,
        help="How much a picture counts beside the words.",
        rich_help_panel=options.COMBINE,
    ),
]
NotWeight = Annotated[
    float,
    typer.Option(
        "--not-weight",
        metavar="NUMBER",
        min=0,
        help="How much --not and --not-image push away.",
        rich_help_panel=options.COMBINE,
    ),
]
VectorFile = Annotated[
    Path | None,
    typer.Option("--vector", metavar="FILE.npy", help="Search with this vector.", rich_help_panel=options.COMBINE),
]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--files",
        metavar="FILE…",
        help="Rank these files against the text; needs no library. Takes all the names that follow.",
        rich_help_panel=options.COMBINE,
    ),
]
Mode = Annotated[
    Literal["hybrid", "vector", "text"],
    typer.Option(
        "--mode",
        metavar="NAME",
        help="hybrid: by meaning, and by the words of captions, tags and names. vector: by meaning. text: by words.",
        rich_help_panel=options.ADVANCED,
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="The model for --files.", rich_help_panel=options.ADVANCED),
]


def query(
    text: Words = None,
    image: Images = None,
    not_text: NotTexts = None,
    not_image: NotImages = None,
    image_weight: ImageWeight = 1.0,
    not_weight: NotWeight = 0.5,
    vector: VectorFile = None,
    files: Files = None,
    in_folders: options.InFolders = None,
    date: options.Date = None,
    after: options.After = None,
    before: options.Before = None,
    camera: options.Camera = None,
    near: options.NearPlace = None,
    orientation: options.Shape = None,
    types: options.Types = None,
    tags: options.Tags = None,
    k: options.Limit = None,
    offset: options.Offset = 0,
    sort: options.SortBy = "score",
    no_group: options.NoGroup = False,
    rerank: second_look.RerankDepth = "auto",
    fusion: second_look.FusedBy = "itm+itc",
    min_match: second_look.LeastMatch = None,
    only_matches: second_look.OnlyMatches = False,
    as_json: options.AsJson = False,
    as_json_lines: options.AsJsonLines = False,
    as_paths: options.AsPaths = False,
    as_nul: options.AsNul = False,
    preview: options.Preview = False,
    open_viewer: options.Open = False,
    verbose: options.Verbose = False,
    library: options.LibraryFolder = None,
    mode: Mode = "hybrid",
    model: Model = None,
    device: options.OnDevice = None,
) -> None:
    """Find pictures by saying what is in them.

    search TEXT is the same. Words need no quotes; what follows -- is never an option or a command.
    """
    from cli.answers import Output, choose_form
    from core.queries import Fusion, SearchMode, Sort
    from semantic_image_search.warm.messages import SearchQuestion

    form = choose_form(as_json=as_json, as_json_lines=as_json_lines, as_paths=as_paths, as_nul=as_nul)
    output = Output(form=form, preview=preview, open=open_viewer, verbose=verbose)
    filters = read_filters(in_folders, date, after, before, camera, near, orientation, types, tags)
    words = as_unicode(" ".join(text or ()))
    if files:
        from cli.ranking import rank_and_show

        again = rerank not in {"auto", "off"}
        _refuse_beside_files(image=image, not_=not_text, vector=vector, filters=filters, rerank=again, library=library)
        _refuse_beside_files(not_image=not_image)
        _refuse_beside_files(min_match=min_match is not None, only_matches=only_matches, mode=mode != "hybrid")
        _refuse_beside_files(fusion=fusion != "itm+itc", sort=sort != "score", no_group=no_group)
        part = slice(offset, None if k is None else offset + k)
        with all_said(verbose=verbose):
            rank_and_show(words, files, output, model=model, device=device, part=part)
        return
    if model is not None:
        raise UsageError("--model goes with --files; a library is searched with the model it was indexed with")

    question = SearchQuestion(
        words or None,
        k=k or 10,
        offset=offset,
        images=tuple(image or ()),
        not_texts=tuple(as_unicode(one) for one in not_text or ()),
        not_images=tuple(not_image or ()),
        image_weight=image_weight,
        not_weight=not_weight,
        vector=None if vector is None else tuple(read_vector(vector).tolist()),
        filters=filters,
        sort=Sort(sort),
        group=not no_group,
        rerank=second_look.depth_of(rerank),
        min_match=second_look.least_match(min_match, only=only_matches),
        fusion=Fusion(fusion),
        mode=SearchMode(mode),
    )
    _ask_and_show(question, output, library, device)


def _ask_and_show(question: "SearchQuestion", output: "Output", library: Path | None, device: Device | None) -> None:
    from cli.showing import show_answer

    with all_said(verbose=output.verbose), closing(context.ask_library(library, device=device)) as asking:

        def ask(download: bool) -> "SearchResult":
            with naming(question.files), second_look.look_shown() as listener:
                return asking.ask(question, listener, download=download)

        show_answer(fetching(ask), output)
        if output.verbose and asking.told:
            say(asking.told)


def read_vector(file: Path) -> "Vectors":
    """The one vector of a .npy file, float32 (dim,); (1, dim) is taken, too.

    Raises:
        UsageError: no such file, no .npy of numbers, or several vectors.
    """
    import numpy as np

    try:
        vector = np.load(file, allow_pickle=False)
    except OSError as error:
        raise UsageError(f"{shown(file)} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:  # numpy's own words advise to load what it takes for a pickle
        raise UsageError(f"{shown(file)} is not a whole file of numbers in numpy's .npy format") from error
    if not isinstance(vector, np.ndarray) or vector.dtype.kind not in "fiu":
        raise UsageError(f"{shown(file)} holds no numbers in numpy's .npy format")
    row = vector[0] if vector.ndim == 2 and len(vector) == 1 else vector
    if row.ndim != 1:
        raise UsageError(f"{shown(file)} holds an array of shape {vector.shape}: one vector is wanted")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as that
        return row.astype(np.float32)


def _refuse_beside_files(**given: object) -> None:
    """Options that ask something of a library make no sense where none is used."""
    for name, value in given.items():
        if value:
            what = "a filter (--in, --date, …)" if name == "filters" else f"--{name.rstrip('_').replace('_', '-')}"
            raise UsageError(f"{what} asks something of a library, and --files ranks the files given")
