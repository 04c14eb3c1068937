"""`search describe`: the captions that fit a picture best, whether or not the library holds it."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.lookup import Pictures, named_pictures
from cli.second_look import depth_of
from cli.weights import with_weights

if TYPE_CHECKING:
    from semantic_image_search import Library

EXAMPLES = """\
search describe photo.jpg
search describe photo.jpg -k 10 --rerank 50 --json
find . -name '*.jpg' -print0 | search describe - --no-generate"""

Captions = Annotated[
    int,
    typer.Option("-k", metavar="NUMBER", min=1, max=1000, help="How many captions.", rich_help_panel=options.OUTPUT),
]
Rerank = Annotated[
    str,
    typer.Option(
        "--rerank",
        metavar="NUMBER",
        help="Texts that the reranker looks at, off, or auto: as many as there is time for.",
    ),
]
NoGenerate = Annotated[bool, typer.Option("--no-generate", help="Let no model write one.")]


def describe(
    images: Pictures,
    k: Captions = 5,
    rerank: Rerank = "auto",
    no_generate: NoGenerate = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Say what is in a picture: the captions that fit it best, and how well.

    They come from the library's captions, the picture's own, and a model that writes one where it is on this machine.
    """
    from cli.descriptions import describe_all

    depth = depth_of(rerank)
    paths = named_pictures(images)

    def work(opened: "Library") -> int:
        return describe_all(opened, paths, k=k, rerank=depth, generate=not no_generate, as_json=as_json)

    failed = with_weights(lambda download: context.open_library(library, device=device, download=download), work)
    if failed:
        raise typer.Exit(1)
