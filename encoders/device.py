"""Where a model runs, and in what precision: what is there, what is good at what.

float32 is the reference. A GPU multiplies in float16 (autocast). A CPU with bf16 units (AMX, AVX512-BF16) keeps every
value in float32 and only multiplies matrices in bfloat16: 2 to 3 times as fast as float32 for ViT-B-32 with a cosine
of 0.99999 to it. bfloat16 throughout is faster still, but then a picture's vector changes by more than 1e-3 with the
batch it happens to be in.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import DeviceError
from core.models import Device


class Precision(StrEnum):
    """How a model multiplies."""

    FLOAT32 = "float32"
    BF16_PRODUCTS = "float32, products in bfloat16"
    FLOAT16 = "float16"


_WORTH_IT_BYTES = 64 << 20  # ViT-B-32 is 605 MB, the smallest published CLIP about 200 MB


@dataclass(frozen=True, slots=True)
class Placement:
    """A device that is there, and the precision for it."""

    device: str  # torch's name: "cpu", "cuda", "mps"
    precision: Precision
    label: str  # for people: "NVIDIA H200 (cuda), float16"


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
        return Placement("cuda", Precision.FLOAT16, f"{torch.cuda.get_device_name()} (cuda), {Precision.FLOAT16}")
    if device is Device.MPS or (device is Device.AUTO and has_mps):
        # float16 on mps is not something this project has been able to measure.
        return Placement("mps", Precision.FLOAT32, f"Apple GPU (mps), {Precision.FLOAT32}")
    precision = Precision.FLOAT32
    if weights_bytes >= _WORTH_IT_BYTES and _cpu_multiplies_bf16():
        precision = Precision.BF16_PRODUCTS
    return Placement("cpu", precision, f"CPU, {precision}")


def _cpu_multiplies_bf16() -> bool:
    """True where torch can be told to multiply in bfloat16 and the CPU has the units for it."""
    import torch

    mkldnn: Any = torch.backends.mkldnn  # its attributes are made at run time
    if not mkldnn.is_available() or not hasattr(mkldnn, "matmul"):
        return False  # torch before 2.9
    signs = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, sign, bool)()) for sign in signs)


_PRODUCTS_LOCK = threading.Lock()  # the switch belongs to the whole process


@contextmanager
def multiplying(placement: Placement) -> Iterator[None]:
    """Inference in the precision of a placement; torch's own settings are as before afterwards."""
    import torch

    with torch.inference_mode():
        if placement.precision is Precision.FLOAT16:
            with torch.autocast(placement.device, dtype=torch.float16):
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
