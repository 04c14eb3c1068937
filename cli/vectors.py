"""`search vectors`: move vectors in and out, in the layout of clip-retrieval."""

from pathlib import Path
from typing import Annotated

import typer

from cli import context, options
from cli.console import emit, emit_json
from cli.help import PAGE, Contents, Page
from cli.pictures import shown
from cli.progress import progress_shown
from cli.reports import show_report
from cli.units import counted

IMPORT_EXAMPLE = "search vectors import --vectors img_emb_0.npy --paths metadata_0.parquet --model ViT-B-32"
EXPORT_EXAMPLE = "search vectors export ~/vectors"

VectorFile = Annotated[
    Path, typer.Option("--vectors", metavar="FILE.npy", help="One row per picture, float16 or float32.")
]
PathsFile = Annotated[
    Path, typer.Option("--paths", metavar="FILE", help="As many paths: a line each, or a parquet file with image_path.")
]
Model = Annotated[str, typer.Option("--model", metavar="NAME", help="The model that made them; any name will do.")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write to.", show_default=False)]

vectors = typer.Typer(
    help="Take vectors made elsewhere in, or write the library's vectors out.",
    cls=Contents,
    context_settings=PAGE,
    epilog=EXPORT_EXAMPLE,
)


@vectors.command("import", cls=Page, context_settings=PAGE, epilog=IMPORT_EXAMPLE)
def import_(
    vector_file: VectorFile,
    path_file: PathsFile,
    model: Model,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Take in vectors made elsewhere, with the paths they belong to."""
    with context.open_library(library) as opened, progress_shown(lambda: model) as listener:
        report = opened.import_vectors(vector_file, path_file, model=model, listener=listener)
    show_report(report, dry_run=False, as_json=as_json)


@vectors.command(cls=Page, context_settings=PAGE, epilog=EXPORT_EXAMPLE)
def export(out: Out, as_json: options.AsJson = False, library: options.LibraryFolder = None) -> None:
    """Write every vector (img_emb/*.npy) and its path (metadata/*.parquet) below a folder."""
    with context.open_library(library) as opened:
        number = opened.export_vectors(out)
    if as_json:
        emit_json({"out": str(out.absolute()), "vectors": number})
    else:
        emit(f"{counted(number, 'vector')} written to {shown(out)}")
