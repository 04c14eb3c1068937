"""The image tower alone, in the ways a GPU can be asked to run it: number formats, memory layout, compiled, as a graph.

Inputs lie on the device already and rows stay there: what is measured is the tower. `gpu_encoding` measures the rest.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from encoders.replicas import image_tower

MEASURED_S = 0.6  # of each variant, after warming up
PEAK_SIZE = 8192


@dataclass(frozen=True)
class Variant:
    """One way to run a tower."""

    weights: str = "float16"
    autocast: bool = False  # products in float16, whatever the weights are
    channels_last: bool = True
    compiled: bool = False
    graph: bool = False  # a CUDA graph, replayed


PLAIN = Variant()
"""As `search` does it."""
VARIANTS: Mapping[str, Variant] = {
    "float16 (as search)": PLAIN,
    "bfloat16": replace(PLAIN, weights="bfloat16"),
    "float16 products of float32 weights": replace(PLAIN, weights="float32", autocast=True),
    "float32": replace(PLAIN, weights="float32"),
    "float16, channels first": replace(PLAIN, channels_last=False),
    "float16, CUDA graph": replace(PLAIN, graph=True),
    "float16, torch.compile": replace(PLAIN, compiled=True),
}


def count_flops(model: Any, size: tuple[int, int]) -> int:  # noqa: ANN401 - open_clip ships no types
    """Floating-point operations of one picture; a multiplication and an addition are two."""
    tower = image_tower(model, "meta", torch.float32)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        tower.encode_image(torch.empty(1, 3, *size, device="meta"))
    return int(counter.get_total_flops())


def measure_peak(device: str, *, size: int = PEAK_SIZE) -> float:
    """Operations per second of a product of two large bfloat16 matrices of random numbers: what the device can do."""
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    with torch.inference_mode():
        return 2 * size**3 / seconds_each(lambda: left @ right, device)


def pictures_per_second(model: Any, variant: Variant, *, batch: int, size: tuple[int, int], device: str) -> float:  # noqa: ANN401
    """How many pictures a tower takes in a second."""
    dtype = getattr(torch, variant.weights)
    tower = image_tower(model, device, dtype)
    images = torch.randn(batch, 3, *size, device=device, dtype=dtype)
    if variant.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    else:
        tower.visual.to(memory_format=torch.contiguous_format)
    encode = torch.compile(tower.encode_image) if variant.compiled else tower.encode_image
    precision: AbstractContextManager[Any] = nullcontext()
    if variant.autocast:
        precision = torch.autocast(device.partition(":")[0], dtype=torch.float16)
    with torch.inference_mode(), precision:
        once = _captured(encode, images) if variant.graph else lambda: encode(images)
        return batch / seconds_each(once, device)


def _captured(encode: Callable[[Any], Any], images: Any) -> Callable[[], None]:  # noqa: ANN401
    """The same work as a CUDA graph; its input and output are always the same memory."""
    aside: Any = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(3):
            encode(images)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        encode(images)
    return graph.replay


def seconds_each(work: Callable[[], object], device: str) -> float:
    """The median of single runs, once warm; a GPU is waited for."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    for _ in range(3):
        work()
    wait()
    took, began = [], time.perf_counter()
    while len(took) < 3 or time.perf_counter() - began < MEASURED_S:
        start = time.perf_counter()
        work()
        wait()
        took.append(time.perf_counter() - start)
    return statistics.median(took)
