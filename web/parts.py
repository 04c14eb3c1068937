"""What the doors of the web have in common: made once in `web.app`, handed to every router."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from semantic_image_search.warm.held import Held


@dataclass(frozen=True, slots=True)
class Parts:
    """One served library, and what answers for it."""

    library: Path  # its folder, absolute
    held: Held
