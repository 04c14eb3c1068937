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
    subprocess.Popen(  # noqa: S603 - no shell; the path is one argument, whatever it holds
        [os.fsencode(opener), path], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
