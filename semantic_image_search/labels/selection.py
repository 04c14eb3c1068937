"""Which pictures a tag is for: those at paths, those that pass filters, or both; and tags that a person gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UnknownPicture, UsageError
from core.queries import Filters
from core.tags import folded, tidy_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from core.arrays import RowMask, RowNumbers
    from db import LibraryReader
    from db.records import SpaceInfo

BLOCK_ROWS = 8_192
"""Rows judged at once: 16 MB of vectors at 512 dimensions, 14 MB of probabilities for 431 labels."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pictures of a selection, found in one snapshot of a library."""

    mask: RowMask | None  # rows that pass the filters; None: all that live
    images: RowNumbers | None  # int64 (n,), ascending; None: whatever passes the filters
    many: int  # pictures at most
    unknown: tuple[bytes, ...]  # paths where the library has no picture


@dataclass(frozen=True, slots=True)
class Selection:
    """Pictures by path (a file, or all below a folder) and by filters; all of the library where neither is given."""

    paths: tuple[bytes, ...] = ()  # absolute
    filters: Filters = field(default_factory=Filters)

    def __bool__(self) -> bool:
        """True where anything is selected at all."""
        return bool(self.paths or self.filters)

    def chosen(self, reader: LibraryReader, space: SpaceInfo) -> Chosen:
        """The rows and pictures of a space that are meant.

        Raises:
            UsageError: a filter asks for a tag that no picture has.
        """
        mask, many = reader.allowed_rows(space, self.filters)
        images, unknown = self._at_paths(reader)
        return Chosen(mask, images, many if images is None else min(many, len(images)), unknown)

    def images(self, reader: LibraryReader) -> tuple[list[int] | None, tuple[bytes, ...]]:
        """Ids of the pictures that are meant (None: all), and the paths where the library has none.

        Pictures without a vector are among them where only paths say which.
        """
        if not self.filters:
            images, unknown = self._at_paths(reader)
            return (None if images is None else images.tolist()), unknown
        space = reader.active_space()
        chosen = self.chosen(reader, space)
        return [image for _, images in row_blocks(reader, space, chosen) for image in images.tolist()], chosen.unknown

    def _at_paths(self, reader: LibraryReader) -> tuple[RowNumbers | None, tuple[bytes, ...]]:
        if not self.paths:
            return None, ()
        found = {path: reader.images_at(path) for path in self.paths}
        images = np.array(sorted({image for some in found.values() for image in some}), np.int64)
        return images, tuple(path for path, some in found.items() if not some)


def row_blocks(reader: LibraryReader, space: SpaceInfo, chosen: Chosen) -> Iterator[tuple[RowNumbers, RowNumbers]]:
    """Rows and the pictures they stand for, int64 (n,) each, in order; n is BLOCK_ROWS at most and never 0."""
    committed = reader.generation(space).committed_rows
    for start in range(0, committed, BLOCK_ROWS):
        rows = np.arange(start, min(start + BLOCK_ROWS, committed), dtype=np.int64)
        if chosen.mask is not None:
            rows = rows[chosen.mask[start : start + BLOCK_ROWS]]
        images = reader.image_ids(space, rows)
        if chosen.images is not None:
            wanted = np.isin(images, chosen.images)
            rows, images = rows[wanted], images[wanted]
        if len(rows):
            yield rows, images


@dataclass(frozen=True, slots=True)
class TagChange:
    """What became of tags that a person gave or took."""

    changed: tuple[tuple[str, int], ...]  # per tag (or source) how many pictures
    unknown: tuple[bytes, ...] = ()  # paths where the library has no picture


def add_tags(library: Path, names: Sequence[str], selection: Selection) -> TagChange:
    """Give these pictures these tags; see `Library.add_tags`."""
    from db import open_reader, open_writer

    if not selection:
        raise UsageError("which pictures? name them, their folder, or filters such as --in or --date")
    with open_reader(library):
        pass  # a library that is not there is not made
    with open_writer(library, command="tag --add") as writer:
        with open_reader(library) as reader:
            images, unknown = selection.images(reader)
        changed = writer.add_tags(images or [], names)
    return TagChange(tuple(zip(names, changed, strict=True)), unknown)


def remove_tags(library: Path, names: Sequence[str], selection: Selection, *, sources: Sequence[str] = ()) -> TagChange:
    """Take tags off pictures; see `Library.remove_tags`."""
    from db import open_reader, open_writer

    with open_reader(library):
        pass
    with open_writer(library, command="tag --remove") as writer:
        with open_reader(library) as reader:
            images, unknown = selection.images(reader)
        changed = writer.remove_tags(names=names, sources=sources, images=images)
    return TagChange(tuple(zip((*names, *sources), changed, strict=True)), unknown)


def change_tags(library: Path, image_id: int, *, add: Sequence[str], remove: Sequence[str]) -> None:
    """Give and take tags of one picture; see `Tags.change`."""
    from db import open_reader, open_writer

    added, removed = [tidy_name(name) for name in add], {folded(name) for name in remove}
    with open_reader(library) as reader:
        if not reader.has_image(image_id):
            raise UnknownPicture(image_id)
    with open_writer(library, command="tag") as writer:
        with open_reader(library) as reader:
            gone = [tag.name for tag in reader.tags([image_id]) if folded(tag.name) in removed]
        if gone:
            writer.remove_tags(names=gone, images=[image_id])
        if added:
            writer.add_tags([image_id], added)
