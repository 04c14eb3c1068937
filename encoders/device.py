"""Where a model runs, and in what precision: what is there, what is good at what.

float32 is the reference. A GPU multiplies in float16. A CPU with AMX keeps every value in float32 and only
multiplies matrices in bfloat16: 2 to 3 times as fast as float32 for ViT-B-32 with a cosine of 0.99999 to it. (With
AVX512-BF16 alone torch takes that switch and multiplies in float32 all the same, 5% slower.) bfloat16 throughout is
faster still, but then a picture's vector changes by more than 1e-3 with the batch it happens to be in. BLIP, whose
scores are no vectors to be compared, does use it, on any CPU with the units: see `encoders.blip.arithmetic`.
"""

import ctypes
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import DeviceError
from core.models import Device


class Precision(StrEnum):
    """How a model multiplies."""

    FLOAT32 = "float32"
    BF16_PRODUCTS = "float32, products in bfloat16"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


_AUTOCAST = frozenset({Precision.FLOAT16, Precision.BFLOAT16})
WORTH_IT_BYTES = 64 << 20
"""A smaller model gains nothing from another number format. ViT-B-32 has 605 MB, the smallest published CLIP 200."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A device that is there, and the precision for it."""

    device: str  # torch's name: "cpu", "cuda", "mps"
    precision: Precision
    label: str  # for people: "NVIDIA H200 (cuda), float16"
    gpus: int = 1  # of this kind of device; pictures are shared out among all of them


_VOLTA = (7, 0)  # compute capability; GPUs before it take longer for float16 than for float32
_CUDA_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_AMD_DRIVER = Path("/dev/kfd")  # torch built for AMD says "cuda", too


def certainly_cpu(device: Device) -> bool:
    """True where a model will run on the CPU, known without importing torch, which takes seconds. False: ask torch."""
    if device is Device.AUTO:
        return not (_nvidia_driver() or _AMD_DRIVER.exists() or _apple_gpu())
    return device is Device.CPU


def _nvidia_driver() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}:
        return False
    try:
        ctypes.CDLL(_CUDA_LIBRARY)  # not started: that takes longer, and a forked process could not use it
    except OSError:
        return False
    return True


def _apple_gpu() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"


def resolve_device(device: Device, *, weights_bytes: int = 1 << 30) -> Placement:
    """What to run on. `auto` takes cuda, then mps, then the CPU. Imports torch.

    Args:
        device: what was asked for.
        weights_bytes: the size of the model. A very small one stays in float32 on a CPU: nothing is gained, and
            torch takes bfloat16 for large products only, so that vectors would change with the batch.

    Raises:
        DeviceError: it was asked for by name and is not there.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    has_mps = bool(torch.backends.mps.is_available())
    if device is Device.CUDA and not has_cuda:
        why = "this build of torch has no CUDA" if torch.version.cuda is None else "no NVIDIA GPU or driver was found"
        raise DeviceError(f"there is no cuda device here ({why}): use --device cpu, or auto for the best there is")
    if device is Device.MPS and not has_mps:
        raise DeviceError("there is no mps device here (it needs a Mac with Apple silicon): use --device cpu, or auto")
    if device is Device.CUDA or (device is Device.AUTO and has_cuda):
        return _on_gpus()
    if device is Device.MPS or (device is Device.AUTO and has_mps):
        # float16 on mps is not something this project has been able to measure.
        return Placement("mps", Precision.FLOAT32, f"Apple GPU (mps), {Precision.FLOAT32}")
    precision = Precision.FLOAT32
    if weights_bytes >= WORTH_IT_BYTES and _cpu_multiplies_bf16():
        precision = Precision.BF16_PRODUCTS
    return Placement("cpu", precision, f"CPU, {precision}")


def _on_gpus() -> Placement:
    import torch

    gpus = torch.cuda.device_count()
    names = list(dict.fromkeys(torch.cuda.get_device_name(gpu) for gpu in range(gpus)))
    name = names[0] if gpus == 1 else f"{gpus} × {' / '.join(names)}"
    quick = all(torch.cuda.get_device_capability(gpu) >= _VOLTA for gpu in range(gpus))
    precision = Precision.FLOAT16 if quick else Precision.FLOAT32
    return Placement("cuda", precision, f"{name} (cuda), {precision}", gpus)


def give_back_gpu_memory() -> None:
    """To other programs, what was freed: torch keeps a GPU's memory for later otherwise. Imports nothing."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def gpu_names(count: int) -> list[str]:
    """Torch's names of the first so many CUDA devices (of those that CUDA_VISIBLE_DEVICES lets it see)."""
    return [f"cuda:{number}" for number in range(count)]


def _cpu_multiplies_bf16() -> bool:
    """True where torch can be told to multiply float32 matrices in bfloat16 and the CPU has the units for it."""
    import torch

    mkldnn: Any = torch.backends.mkldnn  # its attributes are made at run time
    if not mkldnn.is_available() or not hasattr(mkldnn, "matmul"):
        return False  # torch before 2.9
    return _cpu_has("_is_amx_tile_supported")


def cpu_has_bf16() -> bool:
    """True where products of bfloat16 matrices take half the time of float32's, or less."""
    import torch

    mkldnn: Any = torch.backends.mkldnn  # as above
    return bool(mkldnn.is_available()) and (_cpu_has("_is_amx_tile_supported") or _cpu_has("_is_avx512_bf16_supported"))


def _cpu_has(sign: str) -> bool:
    import torch

    return bool(getattr(torch.cpu, sign, bool)())


_PRODUCTS_LOCK = threading.Lock()  # the switch belongs to the whole process


@contextmanager
def multiplying(placement: Placement) -> Iterator[None]:
    """Inference in the precision of a placement; torch's own settings are as before afterwards."""
    import torch

    with torch.inference_mode():
        if placement.device != "cpu" and placement.precision in _AUTOCAST:
            with torch.autocast(placement.device, dtype=getattr(torch, placement.precision.value)):
                yield
        elif placement.precision is Precision.BF16_PRODUCTS:
            with _PRODUCTS_LOCK, _bf16_products():
                yield
        else:
            yield


@contextmanager
def _bf16_products() -> Iterator[None]:
    import torch

    mkldnn: Any = torch.backends.mkldnn  # its attributes are made at run time
    switches = (mkldnn.matmul, mkldnn.conv)
    before = [switch.fp32_precision for switch in switches]
    for switch in switches:
        switch.fp32_precision = "bf16"
    try:
        yield
    finally:
        for switch, value in zip(switches, before, strict=True):
            switch.fp32_precision = value
