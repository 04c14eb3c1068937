"""What the doors of the web have in common: made once by `open_parts`, handed to every router."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from semantic_image_search.warm.server import ANSWERING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from semantic_image_search.warm.held import Held


@dataclass(frozen=True, slots=True)
class Parts:
    """One served library, and what answers for it."""

    library: Path  # its folder, absolute
    held: Held
    answering: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(ANSWERING))  # questions at once


@contextmanager
def open_parts(library: Path, held: Held) -> Iterator[Parts]:
    """The parts of one server; what they keep (uploads, jobs) ends with them.

    Args:
        library: its folder, absolute.
        held: answers from it.
    """
    yield Parts(library, held)
