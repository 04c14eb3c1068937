"""`search eval`: how well models find pictures by their captions, or how much of an exact search the index finds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli import context, options
from core.errors import UsageError

if TYPE_CHECKING:
    from core.models import Device
    from semantic_image_search.evaluation.records import EvaluationReport

EXAMPLES = """\
search eval dataset_flickr30k.json flickr30k-images --models mini,ViT-B-32
search eval captions_val2017.json val2017 --rerank 128 --json
search eval --self"""

MEASURED = "What is measured"
COUNTED = "What is counted"

Captions = Annotated[
    Path | None,
    typer.Argument(
        metavar="CAPTIONS",
        help="Karpathy's or COCO's JSON, JSON lines, or CSV: which picture, and what is said of it.",
        show_default=False,
    ),
]
Images = Annotated[
    Path | None, typer.Argument(metavar="IMAGES", help="The folder with the pictures.", show_default=False)
]
Models = Annotated[
    str | None,
    typer.Option(
        "--models",
        "--model",
        metavar="NAMES",
        help="Compare these, separated by commas; see search models list.",
        rich_help_panel=MEASURED,
    ),
]
Depth = Annotated[
    int,
    typer.Option(
        "--rerank",
        metavar="NUMBER",
        min=0,
        max=1000,
        help="Also look at so many first candidates with a reranker; the papers take 128 or 256.",
        rich_help_panel=MEASURED,
    ),
]
RerankerName = Annotated[
    str | None,
    typer.Option("--reranker", metavar="NAME", help="Another reranker.", rich_help_panel=MEASURED),
]
FusedBy = Annotated[
    Literal["itm", "itm+itc", "itm+clip"],
    typer.Option("--fusion", metavar="WAY", help="itm, itm+itc or itm+clip.", rich_help_panel=MEASURED),
]
Prompt = Annotated[
    str,
    typer.Option(
        "--prompt",
        metavar="TEXT",
        help="What the models read, {} standing for the caption: 'a photo of {}'.",
        rich_help_panel=MEASURED,
    ),
]
Split = Annotated[
    str | None,
    typer.Option("--split", metavar="NAME", help="test (of Karpathy's), val, … or all.", rich_help_panel=COUNTED),
]
PerPicture = Annotated[
    int,
    typer.Option(
        "--per-picture",
        metavar="NUMBER",
        min=0,
        help="Captions of a picture that count, the first; 0: all.",
        rich_help_panel=COUNTED,
    ),
]
Most = Annotated[
    int | None,
    typer.Option("--limit", metavar="NUMBER", min=1, help="Only so many pictures.", rich_help_panel=COUNTED),
]
OwnLibrary = Annotated[
    bool,
    typer.Option("--self", help="Measure the library's own index against exact search.", rich_help_panel=MEASURED),
]


def eval_(
    captions: Captions = None,
    images: Images = None,
    models: Models = None,
    rerank: Depth = 0,
    reranker: RerankerName = None,
    fusion: FusedBy = "itm+itc",
    prompt: Prompt = "{}",
    own_library: OwnLibrary = False,
    split: Split = None,
    per_picture: PerPicture = 5,
    limit: Most = None,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    device: options.OnDevice = None,
    library: options.LibraryFolder = None,
) -> None:
    """Measure how well models find pictures by their captions.

    Every caption looks for its picture, and every picture for any of its captions: R@1, R@5, R@10, median rank and
    time, with and without a second look by a reranker. With --self: how much of an exact search the library's index
    finds.
    """
    from cli.console import emit_json
    from cli.evaluations import evaluation_json, show_evaluation
    from cli.progress import progress_shown
    from cli.weights import fetching
    from core.queries import Fusion
    from semantic_image_search.evaluation.measure import evaluate

    if own_library:
        _refuse_beside_self(
            CAPTIONS=captions, models=models, rerank=rerank, reranker=reranker, split=split, limit=limit
        )
        _measure_library(library, device, as_json=as_json)
        return
    if captions is None or images is None:
        raise UsageError("search eval needs a file of captions and the folder of their pictures, or --self")
    if library is not None:
        raise UsageError("--library goes with --self: captions are looked for among the pictures of the folder alone")
    if reranker is not None and not rerank:
        raise UsageError("--reranker needs to know how many candidates to look at: add --rerank 128")
    names = [name.strip() for name in (models or "").split(",") if name.strip()]

    def run(download: bool) -> "EvaluationReport":
        with progress_shown(lambda: ", ".join(names)) as listener:
            return evaluate(
                captions,
                images,
                models=names,
                rerank=rerank,
                reranker=reranker,
                fusion=Fusion(fusion),
                split=split,
                per_picture=per_picture,
                limit=limit,
                prompt=prompt,
                device=device,
                download=download,
                listener=listener,
            )

    report = fetching(run, yes=yes)
    if as_json:
        emit_json(evaluation_json(report))
    else:
        show_evaluation(report)


def _measure_library(library: Path | None, device: "Device | None", *, as_json: bool) -> None:
    from cli.console import emit_json
    from cli.evaluations import self_json, show_self
    from cli.progress import progress_shown
    from semantic_image_search.evaluation.index import evaluate_index

    with context.open_library(library, device=device) as opened, progress_shown(lambda: "") as listener:
        report = evaluate_index(opened, listener=listener)
    if as_json:
        emit_json(self_json(report))
    else:
        show_self(report)


def _refuse_beside_self(**given: object) -> None:
    """Options of a comparison make no sense where the library is measured against itself."""
    for name, value in given.items():
        if value:
            what = name if name.isupper() else f"--{name}"
            raise UsageError(f"{what} has no part in --self, which measures the library's own pictures and index")
