"""The pictures of the last answers, in one snapshot of a generation: the next page draws from most of them again."""

from collections.abc import Callable, Sequence
from itertools import islice

from core.pictures import Picture

MOST = 2_000
"""Of a kilobyte each. A page of a hundred hits is drawn from some two hundred."""


class KnownPictures:
    """Live pictures by row; the ones not asked for longest are forgotten."""

    def __init__(self) -> None:
        self._known: dict[int, Picture] = {}

    def of(self, rows: Sequence[int], read: Callable[[Sequence[int]], Sequence[Picture]]) -> list[Picture]:
        """The pictures of these rows, in their order, as `read` has them; asked once for each that is not known."""
        known = self._known
        missing = [row for row in dict.fromkeys(rows) if row not in known]  # asked for twice it would be read wrongly
        if missing:
            known.update((picture.row, picture) for picture in read(missing))
        found = [known[row] for row in rows if row in known]
        for picture in found:
            known[picture.row] = known.pop(picture.row)  # one of the last now
        for row in list(islice(known, max(0, len(known) - MOST))):
            del known[row]
        return found
