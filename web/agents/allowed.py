"""Which files an agent may name by their paths: those of the library's folders, and of folders its owner allowed.

An agent reads no file that its owner did not mean: a picture elsewhere may be anybody's.
"""

import os
from dataclasses import dataclass

from core.errors import UsageError
from core.paths import display, is_at_or_below


@dataclass(frozen=True, slots=True)
class Allowed:
    """Folders whose pictures may be looked up by their paths.

    Args:
        folders: beside those of the library; absolute.
    """

    folders: tuple[bytes, ...] = ()

    def file(self, path: str, library_folders: tuple[bytes, ...]) -> bytes:
        """The real path of a file that may be read.

        Raises:
            UsageError: it may not, or there is none. Of what lies outside nothing is said, not even whether it is
                there.
        """
        real, named = os.path.realpath(os.fsencode(os.path.expanduser(path))), display(os.fsencode(path))  # noqa: PTH111
        inside = (*self.folders, *library_folders)
        if not any(is_at_or_below(real, os.path.realpath(folder)) for folder in inside):
            raise UsageError(f"{named} is in no folder of the library; its owner can allow others: search mcp --allow")
        if not os.path.isfile(real):  # noqa: PTH113 - bytes
            raise UsageError(f"there is no file {named}")
        return real
