"""Making graphs in a process of its own, so that torch never enters this one and a crash there ends nothing here."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import ModelError
from core.models import ModelSpec
from encoders.graphs.store import Graph, Place, Tower
from encoders.sources import ModelFiles, Source

_CODE = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
task = pickle.load(sys.stdin.buffer)
from encoders.graphs.apart import main
main(*task)
"""
_ASKED_TO_END = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
_MEMORY = 3  # times the weights, and
_LIBRARIES_BYTES = 1 << 30  # for torch and its company


def make_apart(place: Place, spec: ModelSpec, source: Source, files: ModelFiles, towers: Sequence[Tower]) -> None:
    """As `making.make`, which runs here where torch is loaded already, and else in another process.

    A process that dies (a crash in a converter, no memory) is written down like a graph that cannot be made.

    Raises:
        OSError: the folder cannot be written to, or is full.
        ModelError: the weights are damaged, or there is not enough memory now.
    """
    _check_memory(files.weights)
    if "torch" in sys.modules or not sys.executable:
        from encoders.graphs.making import make

        return make(place, spec, source, files, towers)
    task = pickle.dumps(sys.path) + pickle.dumps((place, spec, source, files, tuple(towers)))
    command = [sys.executable, "-c", _CODE]
    # In a session of its own: Ctrl-C is for this process, which decides what becomes of the other.
    ran = subprocess.run(command, input=task, capture_output=True, check=False, start_new_session=True)  # noqa: S603 - ourselves
    if -ran.returncode in _ASKED_TO_END:
        raise ModelError(f"making it was ended by signal {-ran.returncode}")
    if ran.returncode > 0:
        raise ModelError((ran.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"])[-1])
    if ran.returncode:
        for tower in towers:
            if place.read(tower) is None:
                gone = f"the process that made it was ended by signal {-ran.returncode}"
                place.remember(tower, Graph(why_not=gone, processor=place.processor))
    return None


def main(place: Place, spec: ModelSpec, source: Source, files: ModelFiles, towers: Sequence[Tower]) -> None:
    """What the other process does. Says in one line what went wrong."""
    from encoders.graphs.making import make

    try:
        make(place, spec, source, files, towers)
    except (OSError, ModelError) as error:
        sys.exit(str(error))


def _check_memory(weights: Path) -> None:
    need, free = _MEMORY * weights.stat().st_size + _LIBRARIES_BYTES, _available_bytes()
    if free is not None and free < need:
        raise ModelError(f"making it takes {need / 1e9:.1f} GB of memory, and {free / 1e9:.1f} are free")


def _available_bytes() -> int | None:
    """What this machine can give; None where it does not say. A bound on this process alone is not seen."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
