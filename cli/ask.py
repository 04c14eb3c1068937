"""`search ask`: questions about one picture, answered by a model."""

from pathlib import Path
from typing import Annotated

import typer

from cli import context, options
from cli.pictures import as_unicode, naming
from cli.weights import with_weights

EXAMPLES = """\
search ask photo.jpg "how many dogs are there?"
search ask photo.jpg "what colour is the car?" "is it raining?" --json"""

Picture = Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture file.", show_default=False)]
Questions = Annotated[
    list[str],
    typer.Argument(metavar="QUESTION", help="What you want to know, in quotes. Repeatable.", show_default=False),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="The model that answers.", rich_help_panel=options.ADVANCED),
]


def ask(
    image: Picture,
    questions: Questions,
    model: Model = None,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Ask a question about a picture, in English.

    The answer is a word or a few. The picture need not be in the library.
    """
    from cli.descriptions import show_answers

    asked = [as_unicode(question) for question in questions]
    with naming([image]):
        answer = with_weights(
            lambda download: context.open_library(library, answerer=model, device=device, download=download),
            lambda opened: opened.ask(image, *asked),
        )
    show_answers(answer, as_json=as_json)
