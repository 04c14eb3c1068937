"""Parts of a file, as a request's `Range` asks for them (RFC 9110): one part; several are answered with the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from web.problems import Problem

_ONE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """How many."""
        return self.end - self.start


def part_asked(said: str, size: int) -> Part | None:
    """The part of a file of `size` bytes; None: all of it.

    Raises:
        Problem: 416, there is no such part.
    """
    found = _ONE.fullmatch(said)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:  # no range at all
            return None
    if start >= end:
        raise Problem(416, "no_such_part", f"the file has {size} bytes", headers={"Content-Range": f"bytes */{size}"})
    return Part(start, end)
