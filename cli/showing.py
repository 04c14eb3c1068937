"""One answer, shown whole: its lines, its pictures where they are wanted, and the viewer."""

import os
from collections.abc import Sequence

from cli.answers import Output, show_result
from cli.console import say
from core.queries import Hit, SearchResult


def show_answer(result: SearchResult, output: Output) -> None:
    """Print the answer; show its pictures and start the viewer where that was asked for.

    Raises:
        SearchError: there is no viewer to start.
    """
    show_result(result, output)
    show_pictures(result.hits, output)


def show_pictures(hits: Sequence[Hit], output: Output) -> None:
    """With `preview` the pictures of the hits; with `open` a viewer on the best hit, or on the contact sheet."""
    sheet = None
    if output.preview:
        from cli.preview import show_preview

        sheet = show_preview(hits)
    if sheet is not None:
        say(f"contact sheet: {sheet}")
    if output.open and hits:
        from cli.viewer import open_in_viewer

        open_in_viewer(hits[0].picture.path if sheet is None else os.fsencode(sheet))
