"""`search demo`: the program at work on photos that are already on this machine.

Prints each command a person would type, then the answer just as that command prints it. Which photos these are is
`semantic_image_search.demo`'s business.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, options

if TYPE_CHECKING:
    from cli.answers import Output
    from semantic_image_search import Library

EXAMPLES = """\
search demo
search demo --preview"""

HITS = 3
ASKED = ("a tabby cat", "a vehicle", "a man with a camera on a tripod")  # a thing, a wider word, a sentence
CHANGED = "rocket"  # the photo whose changed copy is looked up

Keep = Annotated[bool, typer.Option("--keep", help="Keep the photos and their library, and say where they are.")]


def demo(preview: options.Preview = False, keep: Keep = False) -> None:
    """See it work: a few real photos, three questions, a reverse lookup.

    The photos come with scikit-image, the model with search: nothing is fetched. All that is written lies in one
    temporary folder, which is deleted at the end.
    """
    from cli.answers import Output
    from encoders import BUILT_IN
    from semantic_image_search.demo import copy_photos, find_photos

    started = perf_counter()
    found = find_photos()
    with _folder(keep=keep) as folder:
        _tell(f"{len(found)} photos that came with scikit-image: {', '.join(photo.title for photo in found)}.")
        _tell(f"They lie in {folder}; the model is {BUILT_IN}. No network.")
        _tell("File names play no part (--mode vector): the model sees the pixels alone.")
        copy_photos(found, folder / "photos")
        with context.open_library(folder / "library", model=BUILT_IN) as library:
            _index(library, folder / "photos")
            _ask(library, Output(preview=preview))
            _look_up(library, folder, Output(preview=preview))
    _end(perf_counter() - started, folder if keep else None)


def _index(library: "Library", photos: Path) -> None:
    """As `search index`.

    Raises:
        KeyboardInterrupt: it was stopped; half an answer is none here.
    """
    from cli.progress import progress_shown
    from cli.reports import show_report
    from encoders import BUILT_IN

    _command(f"search index {photos} --model {BUILT_IN}")
    with progress_shown(lambda: BUILT_IN) as listener:
        report = library.index([photos], listener=listener)
    if report.interrupted:
        raise KeyboardInterrupt
    show_report(report, dry_run=False, as_json=False)


def _ask(library: "Library", output: "Output") -> None:
    from cli.showing import show_answer
    from core.queries import SearchMode

    for words in ASKED:
        _command(f'search query "{words}" -k {HITS} --mode {SearchMode.VECTOR}')
        show_answer(library.search(words, k=HITS, mode=SearchMode.VECTOR), output)


def _look_up(library: "Library", folder: Path, output: "Output") -> None:
    from cli.showing import show_answer
    from semantic_image_search.demo import PHOTOS, write_changed_copy

    (original,) = (photo for photo in PHOTOS if photo.title == CHANGED)
    copy = folder / "downloaded.jpg"
    write_changed_copy(folder / "photos" / original.name, copy)
    _command(f"search lookup {copy} -k {HITS}")
    _tell(f"(a picture as it comes back from the web: {original.name} cropped, made smaller, saved as JPEG again)")
    show_answer(library.lookup(copy, k=HITS), output)


def _end(seconds: float, kept: Path | None) -> None:
    from cli.units import span
    from encoders import BUILT_IN

    _tell("")
    if kept is None:
        _tell(f"{span(seconds)} in all; the folder is deleted again.")
    else:
        _tell(f"{span(seconds)} in all. To go on with these photos:")
        _tell(f'  search query "a rocket" --library {kept / "library"}')
    _tell("Now your own pictures, which are only ever read:")
    _tell("  search index ~/Pictures")
    _tell('  search "a dog on the beach"')
    _tell("  search photo.jpg")
    _tell(f"{BUILT_IN} is a small model; `search models list` shows larger ones, which know far more.")


def _command(line: str) -> None:
    """The command that the next lines answer."""
    from cli.console import emit, out_console, out_is_terminal

    emit("")
    if out_is_terminal():
        from rich.text import Text

        out_console().print(Text(f"$ {line}", "bold"), soft_wrap=True)
    else:
        emit(f"$ {line}")


def _tell(line: str) -> None:
    from cli.console import emit

    emit(line)


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """A new temporary folder; deleted behind whatever happens, unless all went well and it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="search-demo-"))
    kept = False
    try:
        yield folder
        kept = keep
    finally:
        if not kept:
            shutil.rmtree(folder)
