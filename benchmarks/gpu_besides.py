"""What else a GPU does or could do: BLIP's match of a text and its candidates, and decoding JPEGs (nvJPEG)."""

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.reranking import TEXT
from core.models import Device
from encoders import load_reranker

AT_ONCE = 64  # JPEGs
SIZE = 224  # pixels, what most models take


def measure_blip(name: str, device: Device, candidates: int) -> dict[str, float | str]:
    """Milliseconds for one text and many candidates, whose features are kept or not."""
    reranker = load_reranker(name, device=device)
    fit = reranker.info.preprocess
    pixels = np.random.default_rng(0).integers(0, 256, (candidates, fit.height, fit.width, 3), np.uint8)
    features = reranker.see(pixels)
    reranker.match([TEXT], features)
    return {
        "candidates": candidates,
        "runs_on": reranker.placement.label,
        "match_ms": _milliseconds(lambda: reranker.match([TEXT], features)),
        "see_and_match_ms": _milliseconds(lambda: reranker.match([TEXT], reranker.see(pixels))),
    }


def measure_nvjpeg(photos: Sequence[Path], device: str) -> dict[str, float]:
    """JPEGs per second decoded and scaled by the GPU, which a CPU would then not have to do."""
    import torch
    from torchvision.io import decode_jpeg

    files = [torch.frombuffer(bytearray(photo.read_bytes()), dtype=torch.uint8) for photo in photos]

    def some(part: list[torch.Tensor]) -> None:
        on_cpu = device == "cpu"
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # in favour of torchcodec
            decoded = [decode_jpeg(one) for one in part] if on_cpu else decode_jpeg(part, device=device)
        for one in decoded:
            torch.nn.functional.interpolate(one[None].float(), size=(SIZE, SIZE), mode="bicubic", antialias=True)
        if not on_cpu:
            torch.cuda.synchronize()

    some(files[:8])
    began = time.perf_counter()
    for start in range(0, len(files), AT_ONCE):
        some(files[start : start + AT_ONCE])
    return {"decode_per_s": len(files) / (time.perf_counter() - began)}


def _milliseconds(work: Callable[[], object]) -> float:
    """The median of five runs."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took))
