"""What `search status` shows: the state of a library at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core.models import VectorKind
from db.records import SpaceState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.settings import Settings
    from db import LibraryReader
    from db.index_state import IndexState
    from db.records import Counts, DiskUsage, GenerationInfo, RootInfo, SpaceInfo


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """One embedding space and how far it has come."""

    space: SpaceInfo
    generation: GenerationInfo
    counts: Counts
    index: IndexState
    captions: int = 0  # different texts that can be found in it
    caption_index: IndexState | None = None  # how these are searched; None: there are none


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A library at one moment."""

    path: Path
    roots: tuple[RootInfo, ...]
    spaces: tuple[SpaceStatus, ...]  # the active one first; empty before the first index
    disk: DiskUsage
    notices: tuple[str, ...]  # a damaged or stale index, and the like

    @property
    def model(self) -> str | None:
        """The model that new pictures are embedded with: while a change is under way, the new one; None before any."""
        return embedding_model([one.space for one in self.spaces])


def embedding_model(spaces: Sequence[SpaceInfo]) -> str | None:
    """The model of the space that is being built, else of the active one; None without any."""
    names = {space.state: space.name for space in spaces}
    return names.get(SpaceState.BUILDING) or names.get(SpaceState.ACTIVE)


def read_status(reader: LibraryReader, settings: Settings) -> LibraryStatus:
    """The state of the library that this reader sees, and what these settings make of its index."""
    return LibraryStatus(
        path=reader.path,
        roots=tuple(reader.roots()),
        spaces=read_spaces(reader, settings),
        disk=reader.disk_usage(),
        notices=reader.notices(),
    )


def read_spaces(reader: LibraryReader, settings: Settings) -> tuple[SpaceStatus, ...]:
    """Every space that this reader sees, the active one first."""
    spaces = sorted(reader.spaces(), key=lambda space: (space.state, space.id))
    return tuple(_space_status(reader, space, settings) for space in spaces)


def _space_status(reader: LibraryReader, space: SpaceInfo, settings: Settings) -> SpaceStatus:
    state = partial(reader.index_state, space, exact_below=settings.exact_below, recall=settings.asked_recall)
    captions = reader.embedded_texts(space)
    return SpaceStatus(
        space=space,
        generation=reader.generation(space),
        counts=reader.counts(space),
        index=state(),
        captions=captions,
        caption_index=state(kind=VectorKind.CAPTION) if captions else None,
    )
