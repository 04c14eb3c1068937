"""What NVIDIA's driver says of the GPUs here: how many, and how much of their memory is free.

Asked through the driver's own library, before faiss is: faiss ends the whole process where CUDA answers anything but
"no device" or "driver too old" (after a driver update without a restart, for one). Leaves to others: whether this
faiss can use them.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

_LIBRARY = "libcuda.so.1"
_NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE


@dataclass(frozen=True, slots=True)
class DriverAnswer:
    """The GPUs the driver lets this process use (CUDA_VISIBLE_DEVICES holds), or why there are none."""

    gpus: int
    why: str = ""  # part of a sentence; empty where there are some


def open_driver() -> Any | None:  # noqa: ANN401 - ctypes has no types for a library's functions
    """The driver's library; None where it is not installed, as on any machine without an NVIDIA GPU."""
    try:
        return ctypes.CDLL(_LIBRARY)
    except OSError:
        return None


def ask_driver(driver: Any | None) -> DriverAnswer:  # noqa: ANN401
    """How many GPUs there are.

    Args:
        driver: from `open_driver`.
    """
    if driver is None:
        return DriverAnswer(0, "no NVIDIA driver is installed")
    count = ctypes.c_int(0)
    code = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if code and code != _NO_DEVICE:
        return DriverAnswer(0, f"the NVIDIA driver answers with error {code}: restart the machine or mend the driver")
    if code or not count.value:
        return DriverAnswer(0, "no NVIDIA GPU was found")
    return DriverAnswer(count.value)


def free_bytes(driver: Any, gpu: int) -> int:  # noqa: ANN401
    """Memory of one GPU that nobody holds now, in bytes; 0 where the driver does not say.

    Args:
        driver: from `open_driver`, after `ask_driver` found GPUs.
        gpu: its number, from 0.
    """
    context, free, total = ctypes.c_void_p(), ctypes.c_size_t(0), ctypes.c_size_t(0)
    if driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), gpu):
        return 0
    try:
        if driver.cuCtxPushCurrent_v2(context):
            return 0
        code = driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total))
        driver.cuCtxPopCurrent_v2(ctypes.byref(context))
        return 0 if code else free.value
    finally:
        driver.cuDevicePrimaryCtxRelease_v2(gpu)
