"""A disk that is soon full: a file system of its own, of a size the test says."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str, *, lazily: bool = False) -> Iterator[Path]:
    """`folder` on a tmpfs of this size ("1m") while inside; skips the test where none can be mounted (it takes root).

    Nothing in it may be open at the end, unless it goes `lazily`: an error that is looked at may hold a file.
    """
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", *(["-l"] if lazily else []), str(folder)], check=True)
