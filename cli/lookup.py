"""`search lookup`: where is this picture, or its copies, in the library, and what looks like it."""

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Annotated

import typer

from cli import context, options
from cli.console import all_said, say
from cli.filtering import read_filters
from cli.weights import fetching
from core.errors import UsageError

EXAMPLES = """\
search lookup photo.jpg
search photo.jpg -k 3 --json
find . -name '*.jpg' -print0 | search lookup - --jsonl"""

HEADER = 64  # bytes that tell a picture from a list

Pictures = Annotated[
    list[str],
    typer.Argument(metavar="IMAGE", help="Picture files; - reads a list of them from stdin.", show_default=False),
]


def lookup(
    images: Pictures,
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
    as_json: options.AsJson = False,
    as_json_lines: options.AsJsonLines = False,
    as_paths: options.AsPaths = False,
    as_nul: options.AsNul = False,
    preview: options.Preview = False,
    open_viewer: options.Open = False,
    verbose: options.Verbose = False,
    library: options.LibraryFolder = None,
    device: options.OnDevice = None,
) -> None:
    """Find a picture, its copies and what looks like it.

    search photo.jpg is the same. Each hit says how it is related: identical, recompressed, resized, cropped, similar.
    """
    from cli.answers import Output, choose_form
    from cli.lookups import answer_all
    from core.queries import Page, Sort

    form = choose_form(as_json=as_json, as_json_lines=as_json_lines, as_paths=as_paths, as_nul=as_nul)
    output = Output(form=form, preview=preview, open=open_viewer, verbose=verbose)
    filters = read_filters(in_folders, date, after, before, camera, near, orientation, types, tags)
    page = Page(k=k or 10, offset=offset, filters=filters, sort=Sort(sort), group=not no_group)
    paths = named_pictures(images)
    with all_said(verbose=verbose), closing(context.ask_library(library, device=device)) as asking:
        unreadable = fetching(lambda download: answer_all(partial(asking.ask, download=download), paths, page, output))
        if verbose and asking.told:
            say(asking.told)
    if unreadable:
        raise typer.Exit(1)


def named_pictures(words: Sequence[str]) -> list[bytes]:
    """The paths given; a `-` among them stands for the list on stdin, separated by NULs or else by newlines.

    Raises:
        UsageError: the list on stdin is empty, or a picture itself.
    """
    paths: list[bytes] = []
    for word in words:
        if word != "-":
            paths.append(os.fsencode(word))
            continue
        data = sys.stdin.buffer.read()
        _refuse_picture(data)
        listed = [path for path in data.split(b"\0" if b"\0" in data else b"\n") if path]
        if not listed:
            raise UsageError("there were no paths on stdin")
        paths += listed
    return paths


def _refuse_picture(data: bytes) -> None:
    """Raises UsageError for a picture where a list of paths is read. Short signatures could begin a path."""
    from media import sniff

    kind = sniff(data[:HEADER])
    if kind is not None and kind not in {"bmp", "ppm"}:
        raise UsageError(f"stdin holds a picture ({kind}), and - reads a list of paths: name the file")
