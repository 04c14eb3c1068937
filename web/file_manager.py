"""Shows a file in the folder that it lies in, on the screen of the server's machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import PurePath

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def can_show() -> bool:
    """Whether this machine has a screen, and a program that shows folders there."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return shutil.which("xdg-open") is not None and any(os.environ.get(name) for name in _SCREENS)


def show_in_folder(path: bytes) -> None:
    """Start the program and go on. Nothing of it is waited for, and the path is never a part of a command's text."""
    quiet = subprocess.DEVNULL
    subprocess.run(_command(path), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True, check=False)  # noqa: S603


def _command(path: bytes) -> list[bytes | str]:
    if sys.platform == "win32":
        return ["explorer", f"/select,{PurePath(os.fsdecode(path))}"]
    if sys.platform == "darwin":
        return ["open", "-R", path]
    return ["/bin/sh", "-c", 'xdg-open "$0" &', os.path.dirname(path)]  # noqa: PTH120 - bytes; the shell ends, it stays
