"""CUDA for the vector index: which GPUs there are, what `--device` makes of them, and the three things asked of them.

Everything else about GPUs (`gpu_build`, `gpu_search`) goes through the small Protocol `Cuda`, so that a fake can stand
in for the hardware. cuVS is not asked for where the wheel has it, so that the limits written here hold for both wheels.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from core.errors import DeviceError
from core.models import Device
from db.vectors.engine import load_faiss
from db.vectors.gpu_driver import ask_driver, free_bytes, open_driver

MOST_K = 2048
"""Neighbours a GPU index finds, and lists it probes, at most: faiss's GPU_MAX_SELECTION_K."""


class Cuda(Protocol):
    """All that is asked of GPUs here."""

    gpus: int  # how many

    def free(self) -> int:
        """Bytes free on the GPU that has the least."""

    def spread(self, index: Any, *, shard: bool = False, float16: bool = False) -> Any:  # noqa: ANN401 - faiss ships no types
        """A faiss index of the CPU on all GPUs.

        Args:
            index: IndexFlat, IndexIVFPQ of 8-bit codes, or IndexPreTransform before one of them.
            shard: each GPU holds a part; without it each holds all, and queries are shared out.
            float16: rows of an IndexFlat, and the tables an IVF-PQ is scanned with.
        """

    def gather(self, index: Any) -> Any:  # noqa: ANN401
        """The CPU's form of what `spread` returned, shards merged."""


class FaissCuda:
    """The GPUs through faiss. One piece of temporary memory (1.5 GiB) per GPU is shared by all it spreads."""

    def __init__(self, gpus: int, driver: Any) -> None:  # noqa: ANN401
        self.gpus = gpus
        self._driver = driver
        self._resources = [load_faiss().StandardGpuResources() for _ in range(gpus)]

    def free(self) -> int:
        """Bytes free on the GPU that has the least."""
        return min(free_bytes(self._driver, gpu) for gpu in range(self.gpus))

    def spread(self, index: Any, *, shard: bool = False, float16: bool = False) -> Any:  # noqa: ANN401
        """A faiss index of the CPU on all GPUs."""
        faiss = load_faiss()
        options = faiss.GpuMultipleClonerOptions()
        options.use_cuvs = False
        options.shard = shard
        options.useFloat16 = float16
        return faiss.index_cpu_to_gpu_multiple_py(self._resources, index, options)

    def gather(self, index: Any) -> Any:  # noqa: ANN401
        """The CPU's form of what `spread` returned, shards merged."""
        return load_faiss().index_gpu_to_cpu(index)


def find_cuda(device: Device) -> Cuda | None:
    """The GPUs to work on; None is the CPU. `auto` takes CUDA where there is one.

    Raises:
        DeviceError: asked for by name and not there; never a silent way round.
    """
    if device is Device.CPU:
        return None
    if device is Device.MPS:
        raise DeviceError("the vector index has no mps form: use --device cpu, or auto for the best there is")
    driver = open_driver()
    gpus, why = _usable(driver)
    if gpus:
        return FaissCuda(gpus, driver)
    if device is Device.CUDA:
        raise DeviceError(
            f"there is no cuda device for the vector index here ({why}): "
            "use --device cpu, or auto for the best there is"
        )
    return None


def device_label(cuda: Cuda | None) -> str:
    """What was taken, for people: "CPU", "CUDA", "2 × CUDA"."""
    if cuda is None:
        return "CPU"
    return "CUDA" if cuda.gpus == 1 else f"{cuda.gpus} × CUDA"


@contextmanager
def gpu_errors() -> Iterator[None]:
    """What faiss raises about GPUs (memory that ran out, mostly) becomes a DeviceError; anything else stays."""
    try:
        yield
    except RuntimeError as error:
        if "faiss::gpu" not in str(error):
            raise
        why = str(error).rpartition("Error: ")[2].strip().partition("\n")[0]
        raise DeviceError(f"the GPU could not do it ({why}): free its memory, or use --device cpu") from error


def _usable(driver: Any | None) -> tuple[int, str]:  # noqa: ANN401
    """How many GPUs faiss can use; else why none."""
    faiss = load_faiss()
    if not hasattr(faiss, "GpuIndexFlat"):
        return 0, "this faiss has no GPU support; put faiss-gpu in the place of faiss-cpu, on Linux x86-64"
    answer = ask_driver(driver)
    if not answer.gpus:
        return 0, answer.why
    seen: int = faiss.get_num_gpus()
    return seen, "" if seen else "the NVIDIA driver is too old for the CUDA 12 that faiss-gpu is built for"
