"""The tags of a library: which there are, given and taken by hand, found by labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.indexing import silent
from core.queries import Filters
from semantic_image_search.arguments import paths_of
from semantic_image_search.labels.labelling import Tagging, labels_of, tag_library
from semantic_image_search.labels.selection import Selection, add_tags, change_tags, remove_tags

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from core.indexing import ProgressListener
    from core.tags import TagCount, TagReport
    from db import LibraryReader
    from searcher.label_sets import LabelSet
    from semantic_image_search.labels.selection import TagChange
    from semantic_image_search.library.opened import OpenedLibrary


class Tags:
    """The tags of one library: `library.tags`.

    Args:
        library: whose.
        reader: opens one snapshot of it.
    """

    def __init__(self, library: OpenedLibrary, reader: Callable[[], AbstractContextManager[LibraryReader]]) -> None:
        self._library = library
        self._reader = reader

    def write(  # noqa: PLR0913 - options by keyword, each with a default
        self,
        labels: str | Sequence[str] | LabelSet = "objects",
        *,
        least: float | None = None,
        or_none: bool | None = None,
        paths: Sequence[str | bytes | os.PathLike[str]] = (),
        filters: Filters | None = None,
        dry_run: bool = False,
        listener: ProgressListener | None = None,
    ) -> TagReport:
        """Tag pictures with the labels that fit their vectors; what this set had given them before is replaced.

        No picture is opened. Stopped in the middle, the library has the tags it had before.

        Args:
            labels: as `Library.label`; the set's name is the tags' source, "labels" where labels of your own have none.
            least: the probability from which on a label becomes a tag; None: 0.3, or 0.5 in a set of fewer than 20.
            or_none: as `Library.label`; None: for labels of your own.
            paths: only these pictures, and those below these folders; none: all.
            filters: only pictures that pass.
            dry_run: only say what would be done.
            listener: called with `Progress`, often.

        Raises:
            UsageError: labels that cannot be used, or a model without a scale.
            LibraryNotFound, LibraryLocked, WrongModel, WeightsMissing, StorageFull: as `Library.index`.
        """
        tagging = Tagging(labels_of(labels), least, or_none, _selection(paths, filters), dry_run)
        return tag_library(self._library, tagging, listener or silent)

    def list(
        self, *, paths: Sequence[str | bytes | os.PathLike[str]] = (), filters: Filters | None = None
    ) -> list[TagCount]:
        """Every tag that pictures of the library (or of this part of it) have, by name, with its sources."""
        with self._reader() as reader:
            return reader.tags(_selection(paths, filters).images(reader)[0])

    def add(
        self,
        names: Sequence[str],
        *,
        paths: Sequence[str | bytes | os.PathLike[str]] = (),
        filters: Filters | None = None,
    ) -> TagChange:
        """Give pictures tags by hand: those at these paths (a folder: all below it) that pass the filters.

        Raises:
            UsageError: neither paths nor filters, or a name that is none.
        """
        return add_tags(self._library.path, names, _selection(paths, filters))

    def remove(
        self,
        names: Sequence[str] = (),
        *,
        sources: Sequence[str] = (),
        paths: Sequence[str | bytes | os.PathLike[str]] = (),
        filters: Filters | None = None,
    ) -> TagChange:
        """Take tags off pictures (without paths and filters: off all), by name, or all of a source ("user", a set).

        Raises:
            UsageError: no picture has such a tag, or one of such a source; then nothing is taken off.
        """
        return remove_tags(self._library.path, names, _selection(paths, filters), sources=sources)

    def change(self, image_id: int, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Give one picture of the library tags by hand and take others off; what it does not have is not missed.

        Args:
            image_id: `Picture.image_id`.
            add: names; one that is in both stays.
            remove: names, whatever source it has them from.

        Raises:
            UnknownPicture: the library has no such picture.
            UsageError: a name that is none.
            LibraryLocked: another process is writing.
        """
        change_tags(self._library.path, image_id, add=add, remove=remove)


def _selection(paths: Sequence[str | bytes | os.PathLike[str]], filters: Filters | None) -> Selection:
    return Selection(paths_of(paths), filters or Filters())
