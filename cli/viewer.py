"""Opens one file in whatever the system opens such files with."""

import os
import shutil
import subprocess
import sys

from core.errors import SearchError
from core.paths import display


def open_in_viewer(path: bytes) -> None:
    """Start the viewer and go on; the viewer's own words are dropped.

    Raises:
        SearchError: this system has no opener that we know.
    """
    if os.name == "nt":
        os.startfile(os.fsdecode(path))  # type: ignore[attr-defined]  # noqa: S606 - Windows only; the system's own opener
        return
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise SearchError(f"no program to open pictures with was found (xdg-open); the file is {display(path)}")
    quiet = subprocess.DEVNULL
    subprocess.run(  # noqa: S603 - the path is an argument of the script, never a part of it
        [b"/bin/sh", b"-c", b'"$0" "$1" &', os.fsencode(opener), path],  # the shell ends, the viewer stays
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        start_new_session=True,
        check=False,
    )
