"""OpenVINO as this program uses it: imported without its tools, and one compiled graph that takes and gives arrays.

The tools report every import and conversion to their maker over the network (`openvino_telemetry`). Nothing here needs
them, so they are kept out, which also halves the time of the import. Knows nothing of models, torch and files' names.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOOLS = "openvino.tools.ovc"
_BLOCK_BYTES = 1 << 20  # of a checksum


class Arithmetic(StrEnum):
    """What a graph multiplies in; sums are float32, or exact."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    INT8 = "int8"  # what is no matrix of weights: bfloat16 where the CPU has it, else float32


GROUP = 128
"""Values of a token that share a scale where they are rounded to eight bits. 256 saves 6% of a batch, 64 costs 10%."""


def installed() -> bool:
    """Whether OpenVINO is there; nothing of it is imported."""
    return find_spec("openvino") is not None


@cache
def openvino() -> Any:  # noqa: ANN401 - openvino's types are skipped
    """The module, imported without its tools where this program is the first to import it."""
    hidden = _TOOLS not in sys.modules
    if hidden:
        sys.modules[_TOOLS] = None  # type: ignore[assignment]  # how Python is told that a module cannot be imported
    try:
        import openvino
    finally:
        if hidden:
            del sys.modules[_TOOLS]
    return openvino


@cache
def core() -> Any:  # noqa: ANN401 - as above
    """The one runtime of this process."""
    return openvino().Core()


@cache
def processor() -> str:
    """Name and abilities of this CPU: what a compiled graph was made for."""
    abilities = sorted(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    return " ".join((str(core().get_property("CPU", "FULL_DEVICE_NAME")).strip(), *abilities))


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself (AVX512-BF16 or AMX)."""
    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def most_threads() -> int | None:
    """What OMP_NUM_THREADS says, which bounds torch's threads, too; None: as many as OpenVINO sees cores."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(said)) if said.isdecimal() else None


def settings(arithmetic: Arithmetic, *, at_once: int = 1, group: int = 0) -> dict[str, Any]:
    """What a graph is compiled and loaded with.

    Args:
        arithmetic: what it multiplies in.
        at_once: batches, each with its share of the threads.
        group: values of a token that share a scale in eight bits; 0: GROUP.
    """
    most = most_threads()
    exact = arithmetic is Arithmetic.FLOAT32 or not has_bfloat16()
    return {
        "INFERENCE_PRECISION_HINT": "f32" if exact else "bf16",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": (group or GROUP) if arithmetic is Arithmetic.INT8 else 0,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": at_once,
        "ENABLE_CPU_PINNING": False,  # decoding shares the cores
        **({"INFERENCE_NUM_THREADS": most} if most else {}),
    }


def stamp(path: Path) -> str:
    """Size and time of change of a file; empty where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def checksum(path: Path) -> str:
    """Of a file, in 20 ms for 130 MB: hex. Sums of words by block, which miss no damage that a disk or a crash does."""
    return _checksum(np.memmap(path, np.uint8, "r"))


def _checksum(content: NDArray[np.uint8]) -> str:
    whole = len(content) // _BLOCK_BYTES * _BLOCK_BYTES
    sums = content[:whole].view(np.uint64).reshape(-1, _BLOCK_BYTES // 8).sum(axis=1, dtype=np.uint64)
    rest = content[whole:].tobytes()
    return hashlib.sha256(sums.tobytes() + rest + str(len(content)).encode()).hexdigest()


class Damaged(Exception):
    """A compiled graph is not as it was written, or not for this machine. Made anew, never shown."""


class CompiledGraph:
    """A compiled graph in memory, which maps its file. Safe to share between threads: those beyond `at_once` wait.

    Args:
        path: of the file that `compiled.export_model()` gave.
        arithmetic: as it was compiled.
        expected: its checksum; None where that need not be looked at.
        at_once: batches that may run at once, each with its share of the threads.
        group: as it was compiled; see `settings`.

    Raises:
        Damaged: the file is not what was written.
    """

    def __init__(
        self, path: Path, arithmetic: Arithmetic, expected: str | None = None, *, at_once: int = 1, group: int = 0
    ) -> None:
        try:
            content = np.memmap(path, np.uint8, "c")  # OpenVINO asks for what could be written to; nobody does
        except (OSError, ValueError) as error:
            raise Damaged(str(error)) from error
        if expected is not None and _checksum(content) != expected:
            raise Damaged(f"{path} is not as it was written")
        blob = openvino().Tensor(content, shared_memory=True)
        try:
            compiled = core().import_model(blob, "CPU", settings(arithmetic, at_once=at_once, group=group))
        except RuntimeError as error:
            raise Damaged(str(error)) from error
        self._content = content
        self.at_once = at_once
        self._requests = SimpleQueue[Any]()
        for _ in range(at_once):
            self._requests.put(compiled.create_infer_request())

    def __call__(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """The rows for a batch, float32 (n, dim), in memory of their own."""
        owned = np.require(batch, requirements=["C", "W"])
        request = self._requests.get()
        try:
            request.infer([owned], share_inputs=True)
            rows: NDArray[np.float32] = np.array(request.get_output_tensor(0).data, np.float32)
        finally:
            self._requests.put(request)
        return rows

    def each(self, batches: Sequence[NDArray[Any]]) -> list[NDArray[np.float32]]:
        """The rows for several batches, which run at once as far as they may."""
        if min(len(batches), self.at_once) < 2:
            return [self(batch) for batch in batches]
        with ThreadPoolExecutor(self.at_once) as pool:
            return list(pool.map(self, batches))
