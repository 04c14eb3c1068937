"""A look at a library that is cheap enough to be taken every few seconds; `status` says more, and counts more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from semantic_image_search.status import embedding_model

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import Counts, RootState


@dataclass(frozen=True, slots=True)
class LibraryGlance:
    """A library at one moment."""

    model: str | None  # as `LibraryStatus.model`
    counts: Counts
    roots: tuple[RootState, ...]
    notices: tuple[str, ...]  # a damaged or stale index, and the like
    writing: str | None  # the command that is writing now ("index"); None: none is
    search_bytes: dict[str, int]  # on disk, of `vectors`, `index` and `columns`


def read_glance(reader: LibraryReader) -> LibraryGlance:
    """What this reader sees, and whether somebody writes."""
    spaces = reader.spaces()
    return LibraryGlance(
        model=embedding_model(spaces),
        counts=reader.counts(reader.active_space() if spaces else None),
        roots=reader.root_states(),
        notices=reader.notices(),
        writing=reader.writing(),
        search_bytes=reader.search_bytes(),
    )
