"""Paths below a folder, as ranges of bytes that an index on the path can walk.

`/a/b` holds `/a/b/c` but not `/a/bc`: everything below it starts with `/a/b/`, so it lies from `/a/b/` up to, and
without, `/a/b0` (0 is the byte after the separator). Byte order is SQLite's order of BLOBs.
"""

import os
from dataclasses import dataclass

_SEPARATOR = os.fsencode(os.sep)


@dataclass(frozen=True, slots=True)
class PathRange:
    """`path` itself, and [lower, upper): all that is below it."""

    path: bytes
    lower: bytes
    upper: bytes

    @classmethod
    def of(cls, path: bytes) -> "PathRange":
        """The range of an absolute path; the root of the file system holds everything."""
        plain = path.rstrip(_SEPARATOR)
        lower = plain + _SEPARATOR
        return cls(path=plain or path, lower=lower, upper=lower[:-1] + bytes([lower[-1] + 1]))

    def __contains__(self, other: bytes) -> bool:
        return other == self.path or self.lower <= other < self.upper
