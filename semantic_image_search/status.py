"""What `search status` shows: the state of a library at a glance."""

from dataclasses import dataclass

from db import Counts, DiskUsage, GenerationInfo, RootInfo, SpaceInfo


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """One embedding space and how far it has come."""

    space: SpaceInfo
    generation: GenerationInfo


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """A library at one moment."""

    path: str
    roots: tuple[RootInfo, ...]
    spaces: tuple[SpaceStatus, ...]  # the active one first
    counts: Counts
    disk: DiskUsage
    notices: tuple[str, ...]
