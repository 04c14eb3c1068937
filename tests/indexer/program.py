"""One indexing run as a program of its own, for tests that interrupt, kill or restrict it.

    python -m tests.indexer.program LIBRARY FOLDER… [--slow SECONDS] [--commit-every SECONDS] [--ordinary-user]

Prints a line per progress report, then the report as JSON; exit code 0, or 1 and the error's kind and text.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.arrays import Pixels, Vectors
from core.errors import SearchError
from core.indexing import Progress
from indexer import pipeline
from tests.fakes import FakeEncoder
from tests.indexer.runs import index

PROJECT = Path(__file__).resolve().parent.parent.parent

_PROGRAM = (sys.executable, "-m", "tests.indexer.program")
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2


class SlowEncoder(FakeEncoder):
    """Takes its time over each picture and each text."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        time.sleep(self._seconds * len(pixels))
        return super().encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        time.sleep(self._seconds * len(texts))
        return super().encode_texts(texts)


def start(library: Path, *folders: Path, slow: float = 0.0, ordinary_user: bool = False) -> subprocess.Popen[str]:
    """The program, running."""
    return subprocess.Popen(
        [*_PROGRAM, library, *folders, "--slow", str(slow), *(["--ordinary-user"] if ordinary_user else [])],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(run: subprocess.Popen[str], *, timeout_s: float = 120) -> dict[str, object]:
    """The report (or error) of a program that came to its end by itself."""
    out, err = run.communicate(timeout=timeout_s)
    lines = out.strip().splitlines()
    assert lines, f"exit code {run.returncode}: {err}"
    return {"code": run.returncode, **json.loads(lines[-1])}


def _become_ordinary(arguments: Sequence[str]) -> None:
    """Starts the program again with permissions that bind root, too. (nobody could not reach a Python in /root.)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    os.execv(_PROGRAM[0], [*_PROGRAM, *(argument for argument in arguments if argument != "--ordinary-user")])


def main(arguments: Sequence[str]) -> int:
    """The program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--commit-every", type=float, default=0.0, help="seconds; 0: after each batch")
    parser.add_argument("--ordinary-user", action="store_true")
    given = parser.parse_args(arguments)
    if given.ordinary_user and os.geteuid() == 0:
        _become_ordinary(arguments)
    pipeline.COMMIT_SECONDS = given.commit_every
    try:
        report = index(given.library, *given.folders, encoder=SlowEncoder(given.slow), listener=_say)
    except SearchError as error:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}))
        return 1
    print(json.dumps(asdict(report) | {"problems": [(os.fsdecode(p.path), p.kind, p.reason) for p in report.problems]}))
    return 0


def _say(progress: Progress) -> None:
    print(json.dumps(asdict(progress)), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
