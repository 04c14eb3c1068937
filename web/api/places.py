"""Where files lie, as whoever asks may know: the owner whole paths, a visitor those below the folder's own name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.paths import is_at_or_below, json_path
from web.access.scopes import Scope
from web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from semantic_image_search import Library


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of one library, to be shown to one who asks, and to be read from what he sends."""

    folders: tuple[tuple[bytes, bytes], ...]  # (name, path) of what is indexed; no two names are the same
    whole: bool  # as they are; no folders are needed then

    def shown(self, path: bytes) -> dict[str, str]:
        """`path`, and `path_b64` where it is not UTF-8."""
        return json_path(path if self.whole else self._below_its_folder(path))

    def read(self, text: str) -> bytes:
        """The path that a request means, absolute.

        Raises:
            Problem: it is none.
        """
        given = os.fsencode(text).rstrip(b"/") or b"/"
        if self.whole:
            if not given.startswith(b"/") or b"\0" in given:
                raise Problem(400, "no_such_folder", "a folder is given by its whole path, from / on")
            return os.path.normpath(given)
        name, slash, rest = given.partition(b"/")
        for known, path in self.folders:
            if known == name and b".." not in rest.split(b"/") and b"\0" not in rest:
                return path + slash + rest
        raise Problem(400, "no_such_folder", "no folder of the library has this name")

    def _below_its_folder(self, path: bytes) -> bytes:
        holding = [folder for folder in self.folders if is_at_or_below(path, folder[1])]
        if not holding:
            return os.path.basename(path)  # noqa: PTH119 - bytes
        name, folder = max(holding, key=lambda one: len(one[1]))
        return name + path[len(folder) :] if folder != b"/" else path


def places_for(library: Library, scope: Scope) -> Places:
    """The paths of this library, as this scope may see them."""
    if scope is Scope.OWNER:
        return Places((), whole=True)
    return Places(tuple(named(library.folders())), whole=False)


def named(folders: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Each with its own name; where several have the same, with a number: "Photos (2)"."""
    shown: dict[bytes, bytes] = {}
    for folder in folders:
        name = os.path.basename(folder) or folder  # noqa: PTH119 - bytes
        number, free = 1, name
        while free in shown:
            number += 1
            free = name + b" (%d)" % number
        shown[free] = folder
    return list(shown.items())
