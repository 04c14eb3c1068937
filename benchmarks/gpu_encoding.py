"""Encoding on GPUs: decoding alone, encoding alone, the pipeline of both, the share of the GPU's peak, and BLIP.

    python -m benchmarks.gpu_encoding --photos ../shared/data/photos --json benchmarks/results/gpu_encoding.json

Needs an NVIDIA GPU and torch with CUDA; without them it says so and exits 2. `--rehearse` goes through the same steps
on the CPU with tiny models instead: it shows that the script works here, and its figures mean nothing.

Real photos (re-encoded at several qualities) and the shapes of ViT-B-32, ViT-L-14 and SigLIP 2 B-16 with random
weights, which take as long as trained ones. For each shape: the tower alone in several ways and batch sizes, with the
share of what a large product of bfloat16 matrices reaches on the same GPU; encoding from the CPU's memory as `search`
does it, on one GPU and on all; and indexing into a fresh library, as a share of the slower of decoding and encoding
(the target is 0.9). Then the JPEGs decoded by the GPU (nvJPEG), and BLIP's match for 100 candidates. Each step is
written to the file when it is done; none begins after `--limit` seconds. What is missing then is measured by another
run with `--only STEP…` and the same file.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.gpu_besides import measure_blip, measure_nvjpeg
from benchmarks.indexing import decode_alone, make_photos, pipeline
from benchmarks.reranking import make_model as make_blip
from benchmarks.results_file import Steps
from benchmarks.retrieval import machine
from core.arrays import Pixels
from core.indexing import IndexRequest
from core.models import Device
from core.paths import absolute
from encoders import ClipEncoder, load_encoder
from encoders.quiet import quiet
from indexer import default_workers
from media import DecodeLimits, DecodePool

SHAPES = ("ViT-B-32", "ViT-L-14", "ViT-B-16-SigLIP2")
BATCHES = (16, 64, 256, 1024)
CANDIDATES = 100
TARGET = 0.9
TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 16, "patch_size": 8},
}
TINY_TEXT = {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 4, "layers": 2}
TINY_BLIP = Path(__file__).parents[1] / "tests" / "tiny_blip" / "model"


@dataclass(frozen=True)
class Scale:
    """How large everything is."""

    device: Device
    shapes: Sequence[str]
    batches: Sequence[int]
    photos: int
    candidates: int
    peak_size: int


REAL = Scale(Device.CUDA, SHAPES, BATCHES, 4000, CANDIDATES, 8192)
REHEARSAL = Scale(Device.CPU, ("tiny",), (2, 4), 12, 3, 64)


@dataclass(kw_only=True)
class Run(Steps):
    """What is measured with, what was measured so far, and where it goes."""

    scale: Scale
    photos: list[Path]
    scratch: Path

    @property
    def device(self) -> str:
        """Torch's name of the first device."""
        return "cuda:0" if self.scale.device is Device.CUDA else "cpu"

    def step(self, name: str, measure: Callable[[], object]) -> None:
        """As `Steps.step`; what went wrong in it is noted, too: the other steps are worth having."""
        super().step(name, partial(_or_why_not, measure))


def _or_why_not(measure: Callable[[], object]) -> object:
    try:
        return measure()
    except Exception as error:  # noqa: BLE001 - whatever it was, the result says it
        return f"failed: {type(error).__name__}: {error}"


def make_model(folder: Path, shape: str) -> str:
    """A model with the image tower of a shape, random weights and a tiny text tower, as a local-dir; its name."""
    import open_clip
    from safetensors.torch import save_file

    known = TINY if shape == "tiny" else open_clip.get_model_config(shape)
    config = {
        "model_cfg": {**known, "text_cfg": TINY_TEXT},
        "preprocess_cfg": {
            "size": known["vision_cfg"]["image_size"],
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with quiet():
        model = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def decode(run: Run, encoder: ClipEncoder, workers: int) -> tuple[float, list[Pixels]]:
    """Photos per second, and their pixels."""
    with DecodePool(targets=[encoder.info.preprocess], limits=DecodeLimits(), workers=workers) as pool:
        decode_alone(pool, run.photos[: 4 * workers])  # starts the workers
        began = time.perf_counter()
        pixels = decode_alone(pool, run.photos)
        return len(pixels) / (time.perf_counter() - began), pixels


def encode(encoder: ClipEncoder, pixels: Pixels, batch: int) -> float:
    """Pictures per second from the CPU's memory to rows in it."""
    encoder.encode_pixels(pixels[:batch])  # loads the weights, chooses the kernels
    began = time.perf_counter()
    for start in range(0, len(pixels), batch):
        encoder.encode_pixels(pixels[start : start + batch])
    return len(pixels) / (time.perf_counter() - began)


def measure_shape(run: Run, shape: str, peak: float) -> None:
    """Every step of one shape."""
    from benchmarks.gpu_variants import PLAIN, VARIANTS, Variant, count_flops, pictures_per_second
    from encoders.build import build_towers

    encoder = load_encoder(make_model(run.scratch / shape, shape), device=run.scale.device)
    fit = encoder.info.preprocess
    size = fit.height, fit.width
    model = build_towers(encoder.spec, encoder._source, encoder._files).model
    flops = count_flops(model, size)

    def tower(variant: Variant, batch: int) -> dict[str, float]:
        speed = pictures_per_second(model, variant, batch=batch, size=size, device=run.device)
        return {"batch": batch, "per_s": speed, "share_of_peak": speed * flops / peak}

    run.step(f"{shape}: whole", lambda: measure_whole(run, encoder))
    for batch in run.scale.batches:
        run.step(f"{shape}: {batch} at once", partial(tower, PLAIN, batch))
    for name, variant in VARIANTS.items():
        if run.scale.device is Device.CUDA or not (variant.graph or variant.compiled):
            run.step(f"{shape}: {name}", partial(tower, variant, run.scale.batches[-2]))


def measure_whole(run: Run, encoder: ClipEncoder) -> dict[str, float]:
    """Decoding, encoding and both, as `search` does them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    usual, batch = default_workers(), encoder.batch_size
    decoded, pixels = decode(run, encoder, usual)
    found: dict[str, float] = {"batch": batch, "workers": usual, "decode_per_s": decoded, "cores": cores}
    found["decode_all_cores_per_s"] = decode(run, encoder, cores)[0]
    many = np.stack(pixels * -(-4 * batch // len(pixels)))
    found["encode_per_s"] = encode(encoder, many, batch)
    if encoder.placement.gpus > 1:
        alone = replace(encoder.placement, gpus=1)
        one = ClipEncoder(encoder.spec, encoder._source, encoder._files, placement=alone)
        found["encode_one_gpu_per_s"] = encode(one, many, one.batch_size)
    for workers in dict.fromkeys((usual, cores)):
        request = IndexRequest(paths=(absolute(run.photos[0].parent),), batch_size=batch, workers=workers)
        began = time.perf_counter()
        pipeline(encoder, request)
        found[f"pipeline_{workers}_workers_per_s"] = len(run.photos) / (time.perf_counter() - began)
    found["share_of_the_slower"] = found[f"pipeline_{usual}_workers_per_s"] / min(decoded, found["encode_per_s"])
    return found


def measure(run: Run) -> None:
    """Every step."""
    import torch

    from benchmarks.gpu_variants import measure_peak

    on_gpu = run.scale.device is Device.CUDA
    run.result |= {
        "machine": machine(),
        "gpu": [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())],
        "torch": torch.__version__,
        "photos": len(run.photos),
        "target": f"the pipeline reaches {TARGET} of the slower of decoding and encoding",
    }
    if not on_gpu:
        run.result["rehearsal"] = "tiny models on the CPU: these figures mean nothing"
    run.step("peak bf16 operations/s", lambda: measure_peak(run.device, size=run.scale.peak_size))
    for shape in run.scale.shapes:
        measure_shape(run, shape, run.result["peak bf16 operations/s"])
    blip = f"local-dir:{TINY_BLIP}" if not on_gpu else make_blip(run.scratch / "blip")
    run.step("blip", lambda: measure_blip(blip, run.scale.device, run.scale.candidates))
    run.step("nvjpeg", lambda: measure_nvjpeg(run.photos, run.device))


def missing() -> str | None:
    """Why it cannot run here; None where it can."""
    try:
        import torch
    except ImportError as error:
        return str(error)
    return None if torch.cuda.is_available() else "torch sees no CUDA device"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/photos"), help="a folder of JPEG files")
    parser.add_argument("--shapes", nargs="*", metavar="NAME", help=f"of these only: {', '.join(SHAPES)}")
    parser.add_argument("--limit", type=float, default=480, help="seconds after which no step begins")
    parser.add_argument("--only", nargs="*", default=[], metavar="STEP", help="these steps, by their names in the file")
    parser.add_argument("--rehearse", action="store_true", help="on the CPU, with tiny models: does the script work?")
    parser.add_argument("--json", type=Path, help="write the result there, too")
    given = parser.parse_args(arguments)
    if not given.rehearse and (why := missing()):
        print(f"this benchmark needs a GPU: {why}", file=sys.stderr)
        sys.exit(2)
    scale = REHEARSAL if given.rehearse else REAL
    if given.shapes:
        scale = replace(scale, shapes=given.shapes)
    known = json.loads(given.json.read_text()) if given.only and given.json and given.json.exists() else {}
    with tempfile.TemporaryDirectory() as scratch:
        photos = make_photos(given.photos, Path(scratch) / "photos", scale.photos)
        run = Run(
            scale=scale,
            photos=photos,
            scratch=Path(scratch),
            json=given.json,
            limit_s=given.limit,
            only=given.only,
            result=known,
        )
        measure(run)
    print(json.dumps(run.result, indent=2))


if __name__ == "__main__":
    main()
