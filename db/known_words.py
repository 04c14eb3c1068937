"""Where the words looked up last were found, in one snapshot of a generation: the next question may have some again."""

from collections import OrderedDict
from collections.abc import Callable

from core.arrays import RowNumbers

MOST_ROWS = 1_000_000
"""Of all words together: 8 MB. A word in half a million pictures would take as long to copy as to look up."""

Found = tuple[tuple[float, RowNumbers], ...]
"""What finding it is worth, and the rows; one entry for each kind of text."""


MOST_COMMON = 10_000
"""Words that are known to be too common: more than a language has of them."""


class TooMany(Exception):
    """More texts or rows than it is worth."""


class KnownWords:
    """Rows by pattern; the ones not asked for longest are forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, int], Found] = OrderedDict()
        self._common: set[tuple[str, int]] = set()
        self._rows = 0

    def look_up(self, pattern: str, most: int, find: Callable[[str], Found]) -> Found:
        """What `find` says of the pattern, asked once.

        Args:
            pattern: folded and spaced.
            most: texts or rows from which on `find` raises.
            find: looks it up.

        Raises:
            TooMany: there are more.
        """
        key = pattern, most
        if key in self._common:
            raise TooMany
        if key not in self._found:
            try:
                self._keep(key, find(pattern))
            except TooMany:
                if len(self._common) < MOST_COMMON:
                    self._common.add(key)
                raise
        self._found.move_to_end(key)
        return self._found[key]

    def _keep(self, key: tuple[str, int], found: Found) -> None:
        self._found[key] = found
        self._rows += _size(found)
        while self._rows > MOST_ROWS and len(self._found) > 1:
            self._rows -= _size(self._found.popitem(last=False)[1])


def _size(found: Found) -> int:
    return sum(len(rows) for _, rows in found)
