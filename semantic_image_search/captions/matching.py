"""Which pictures of a library the names in a file of captions mean.

A name is a path (absolute, or seen from a folder); where no picture lies there, it means the one picture of the library
with that file name, and of several the one that shares the most folders with it. Names that still fit several pictures
are told, never guessed.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias
from unicodedata import normalize

from core.paths import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from db import LibraryReader

By: TypeAlias = Literal["path", "folder", "name"]
"""How a name found its picture: where it says, by folders and name, by name alone."""


Names: TypeAlias = tuple[str, ...]
"""One picture as a row names it: where it may lie, the likeliest first."""


@dataclass(slots=True)
class Matching:
    """Which picture of the library each name means."""

    image: dict[Names, int] = field(default_factory=dict)
    by: Counter[By] = field(default_factory=Counter)
    unmatched: list[Names] = field(default_factory=list)
    ambiguous: list[Names] = field(default_factory=list)

    @classmethod
    def of(cls, reader: LibraryReader, wanted: Iterable[Names], folder: bytes) -> Matching:
        """Match all names; `folder` is what relative ones are seen from."""
        matching = cls()
        paths = {
            names: [path for name in _said(names) for one in _spelled(name) if (path := _path(folder, one))]
            for names in wanted
        }
        there = reader.images_at_paths({path for some in paths.values() for path in some})
        left = []
        for names, some in paths.items():
            path = next((path for path in some if path in there), None)
            if path is None:
                left.append(names)
            else:
                matching._found(names, there[path], "path")
        if left:
            spelled = (one for names in left for name in names for one in _spelled(name))
            called = reader.images_called({base for one in spelled if (base := _parts(one)[-1])})
            for names in left:
                matching._by_name(names, called)
        return matching

    def _found(self, names: Names, image_id: int, by: By) -> None:
        self.image[names] = image_id
        self.by[by] += 1

    def _by_name(self, names: Names, called: Mapping[bytes, Sequence[tuple[bytes, int]]]) -> None:
        """The picture of this file name; of several the one in the same folders."""
        spelled = (one for name in names for one in _spelled(name))
        candidates = [(one, path, image) for one in spelled for path, image in called.get(_parts(one)[-1], ())]
        shared = [_shared(_parts(name), path) for name, path, _ in candidates]
        best = {image for (_, _, image), parts in zip(candidates, shared, strict=True) if parts == max(shared)}
        if not best:
            self.unmatched.append(names)
        elif len(best) > 1:
            self.ambiguous.append(names)
        else:
            several = len({image for _, _, image in candidates}) > 1
            self._found(names, best.pop(), "folder" if several else "name")


def _said(names: Names) -> Iterator[str]:
    """The names without those that only leave out another's folders: who names a folder means it."""
    return (name for at, name in enumerate(names) if not any(other.endswith(f"/{name}") for other in names[:at]))


def _spelled(name: str) -> Sequence[str]:
    """The name, and how it looks where accents are, or are not, characters of their own: macOS keeps them apart."""
    if name.isascii():
        return (name,)
    return tuple(dict.fromkeys((name, normalize("NFC", name), normalize("NFD", name))))


def _path(folder: bytes, name: str) -> bytes | None:
    """Where the name says; None where it can be no path."""
    try:
        return absolute(os.path.join(folder, os.fsencode(name)))  # noqa: PTH118 - bytes
    except ValueError:  # a NUL in the name, or half a surrogate pair
        return None


def _parts(name: str) -> list[bytes]:
    """Folders and file name, of either system's separators."""
    return name.encode("utf-8", "surrogateescape" if name.isprintable() else "replace").replace(b"\\", b"/").split(b"/")


def _shared(parts: Sequence[bytes], path: bytes) -> int:
    """How many parts, from the file's name upwards, the two have in common."""
    others = path.split(os.fsencode(os.sep))
    return next(
        (n for n, (a, b) in enumerate(zip(reversed(parts), reversed(others), strict=False)) if a != b),
        min(len(parts), len(others)),
    )
