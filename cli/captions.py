"""`search captions`: what is said of pictures, taken in from files, looked up, taken off."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options
from cli.captions_generate import FILTER_EXAMPLES, GENERATE_EXAMPLES, filter_, generate
from cli.console import emit, emit_json, one_line, say
from cli.failures import INTERRUPTED
from cli.help import PAGE, Contents, Page
from cli.pictures import shown
from cli.progress import progress_shown
from cli.units import count, counted
from core.paths import absolute, json_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.pictures import Caption
    from semantic_image_search.captions.importing import CaptionImport

IMPORT_EXAMPLE = "search captions import captions.csv"
LIST_EXAMPLE = "search captions list photo.jpg"
REMOVE_EXAMPLE = "search captions remove --generated photo.jpg"

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV, TSV, JSON or JSON lines, in UTF-8.", show_default=False)
]
Writer = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="The model that wrote them, where one did.")
]
Picture = Annotated[Path, typer.Argument(metavar="PICTURE", help="A picture of the library.", show_default=False)]
Imported = Annotated[bool, typer.Option("--imported", help="Only those that were imported.")]
Generated = Annotated[bool, typer.Option("--generated", help="Only those that a model wrote.")]

captions = typer.Typer(
    help="What is said of the pictures: take captions in, have them written and judged, look them up.",
    cls=Contents,
    context_settings=PAGE,
    epilog=IMPORT_EXAMPLE,
)


@captions.command("import", cls=Page, context_settings=PAGE, epilog=IMPORT_EXAMPLE)
def import_(
    file: File,
    model: Writer = None,
    as_json: options.AsJson = False,
    device: options.OnDevice = None,
    library: options.LibraryFolder = None,
) -> None:
    """Give pictures of the library the captions of a file.

    Each row names a picture, by its path or by a file name that only one picture has, and what is said of it. Importing
    a file again adds nothing twice.
    """
    with context.open_library(library, device=device) as opened, progress_shown(lambda: "", first="import") as listener:
        done = opened.captions.import_file(file, model=model, listener=listener)
    if as_json:
        emit_json(import_json(done))
    else:
        _show_import(done)
    if done.interrupted:
        raise typer.Exit(INTERRUPTED)


@captions.command("list", cls=Page, context_settings=PAGE, epilog=LIST_EXAMPLE)
def list_(picture: Picture, as_json: options.AsJson = False, library: options.LibraryFolder = None) -> None:
    """Show what is said of a picture, and where it comes from."""
    with context.open_library(library) as opened:
        found = opened.captions.of(picture)
    if as_json:
        emit_json({**json_path(absolute(picture)), "captions": [caption_json(caption) for caption in found]})
        return
    for caption in found:
        emit(f"{one_line(caption.text)}  ({_said_by(caption)})")
    if not found:
        say(f"nothing is said of {shown(picture)}")


@captions.command(cls=Page, context_settings=PAGE, epilog=REMOVE_EXAMPLE)
def remove(
    picture: Picture,
    imported: Imported = False,
    generated: Generated = False,
    as_json: options.AsJson = False,
    library: options.LibraryFolder = None,
) -> None:
    """Take imported and generated captions off a picture.

    Captions that came with its file stay: the file is never written to, and would bring them back.
    """
    from core.pictures import CaptionSource

    asked = ((CaptionSource.IMPORTED, imported), (CaptionSource.GENERATED, generated))
    sources = [source for source, wanted in asked if wanted] or [source for source, _ in asked]
    with context.open_library(library) as opened:
        number = opened.captions.remove(picture, sources=sources)
    if as_json:
        emit_json({**json_path(absolute(picture)), "removed": number})
    else:
        emit(f"{counted(number, 'caption')} removed")


captions.command("generate", cls=Page, context_settings=PAGE, epilog=GENERATE_EXAMPLES)(generate)
captions.command("filter", cls=Page, context_settings=PAGE, epilog=FILTER_EXAMPLES)(filter_)


def caption_json(caption: "Caption") -> dict[str, object]:
    """One caption, with what is known of it."""
    return {
        "text": caption.text,
        "source": caption.source.value,
        "model": caption.model,
        "match": None if caption.match is None else round(caption.match, 6),
        "kept": caption.kept,
    }


def import_json(done: "CaptionImport") -> dict[str, object]:
    """The stable shape that docs/commands.md promises."""
    return {
        "file": done.file,
        "rows": done.rows,
        "pictures": done.pictures,
        "added": done.added,
        "known": done.known,
        "matched_by": dict(done.matched_by),
        "unmatched": {"names": done.unmatched, "examples": list(done.unmatched_examples)},
        "ambiguous": {"names": done.ambiguous, "examples": list(done.ambiguous_examples)},
        "bad": {"rows": done.bad, "examples": list(done.bad_examples)},
        "embedded": done.embedded,
        "interrupted": done.interrupted,
        "notices": list(done.notices),
    }


def _said_by(caption: "Caption") -> str:
    """Its source, and what a judge thought: "generated by blip-caption-base, match 0.93"."""
    said = caption.source.value.replace("_", " ")
    said += f" by {caption.model}" if caption.model else ""
    said += f", match {caption.match:.2f}" if caption.match is not None else ""
    return said if caption.kept else f"{said}: judged not to fit, and found by nothing"


def _show_import(done: "CaptionImport") -> None:
    for notice in done.notices:
        say(notice, style="yellow")
    known = f", {count(done.known)} known already" if done.known else ""
    emit(f"{counted(done.added, 'caption')} added to {counted(done.pictures, 'picture')}{known}")
    ways = {"path": "by path", "folder": "by folders and file name", "name": "by file name"}
    emit("pictures found " + ", ".join(f"{ways[by]}: {count(names)}" for by, names in done.matched_by.items()))
    if done.embedded:
        emit(f"{counted(done.embedded, 'text')} embedded")
    _warn(done.unmatched, "name fits no picture of the library", "names fit no picture", done.unmatched_examples)
    _warn(done.ambiguous, "name fits several pictures", "names fit several pictures", done.ambiguous_examples)
    if done.interrupted:
        say("stopped; what is listed above is kept, and importing the file again goes on from here", style="yellow")
    _warn(done.bad, "row cannot be used", "rows cannot be used", done.bad_examples)


def _warn(number: int, one: str, many: str, examples: "Sequence[str]") -> None:
    """How many, and the first few of them; on stderr."""
    if number:
        more = f" and {count(number - len(examples))} more" if number > len(examples) else ""
        say(f"{counted(number, one, many)}: {', '.join(examples)}{more}", style="yellow")
