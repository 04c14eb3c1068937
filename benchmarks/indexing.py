"""How much of the machine indexing uses: decode alone, encode alone, and the pipeline that does both.

    python -m benchmarks.indexing --photos ../shared/data/photos --json benchmarks/results/indexing.json

Real photos (re-encoded at several qualities, so that no two files are alike) and the shapes of ViT-B-32 with random
weights, loaded as any other model is. In each round the three are measured one after the other; the medians count, of
the rounds in which other programs left the machine alone (the pipeline runs more processes than the others, and would
look too good on a busy one). On a CPU decoding and encoding share the cores: doing both cannot be
faster than 1 / (1/d + 1/e) pictures per second, and the ratio says how much of that the pipeline reaches.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.others import Others
from benchmarks.results_file import write_json
from core.arrays import Pixels
from core.indexing import IndexRequest, Progress
from core.paths import absolute
from core.protocols import ImageEncoder
from db import open_writer
from encoders import load_encoder
from indexer import default_workers, index_folders
from media import DecodeJob, DecodeLimits, DecodePool

ARCHITECTURE = "ViT-B-32"
OTHERS = 0.1  # cores


@dataclass(frozen=True)
class Result:
    """Medians over the rounds."""

    pictures: int
    rounds: int  # that count
    rounds_disturbed: int  # left out: other programs used more than a tenth of a core
    workers: int
    batch_size: int
    decode_per_s: float
    encode_per_s: float
    pipeline_per_s: float
    ratio: float  # pipeline / (1 / (1/decode + 1/encode)), the median of the rounds' own ratios
    ratios: tuple[float, ...]
    machine: str
    cores: int


def make_model(folder: Path, architecture: str = ARCHITECTURE) -> str:
    """A model of these shapes and random weights, as a local-dir; its name."""
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "open_clip_model.safetensors"
    if not weights.exists():
        model = open_clip.create_model(architecture, pretrained=None)
        save_file({name: value.contiguous() for name, value in model.state_dict().items()}, weights)
        shapes = open_clip.get_model_config(architecture)
        size = shapes["vision_cfg"]["image_size"]
        fit = {"size": size, "interpolation": "bicubic", "resize_mode": "shortest"}
        config = {"model_cfg": shapes, "preprocess_cfg": fit}
        (folder / "open_clip_config.json").write_text(json.dumps(config))
    return f"local-dir:{folder}"


def make_photos(source: Path, folder: Path, count: int) -> list[Path]:
    """`count` files of different content: the photos at descending JPEG qualities."""
    folder.mkdir(parents=True, exist_ok=True)
    originals = sorted(source.glob("*.jpg")) + sorted(source.glob("*.JPEG"))
    if not originals:
        raise SystemExit(f"no photos in {source}: say where some are with --photos")
    made = []
    for number in range(count):
        turn, which = divmod(number, len(originals))
        target = folder / f"{turn}-{originals[which].stem}.jpg"
        if not target.exists():
            Image.open(originals[which]).convert("RGB").save(target, quality=90 - turn)
        made.append(target)
    return made


@dataclass(frozen=True)
class Round:
    """Pictures per second, and the cores that other programs took meanwhile."""

    decode: float
    encode: float
    pipeline: float
    others: float

    @property
    def ratio(self) -> float:
        """How much of what sharing the cores allows the pipeline reached."""
        return self.pipeline * (1 / self.decode + 1 / self.encode)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and the cores that other programs took."""
    with Others() as others:
        start = time.perf_counter()
        work()
        seconds = time.perf_counter() - start
    return seconds, others.cores or 0.0


def decode_alone(pool: DecodePool, photos: Sequence[Path]) -> list[Pixels]:
    """Every photo through the pool; the pixels of the first target."""
    outcomes = list(pool.run(DecodeJob(absolute(photo), None, None) for photo in photos))
    return [outcome.picture.pixels[0] for outcome in outcomes if outcome.picture is not None]


def encode_alone(encoder: ImageEncoder, pixels: Sequence[Pixels], batch_size: int) -> None:
    """Every picture through the tower."""
    for start in range(0, len(pixels), batch_size):
        encoder.encode_pixels(np.stack(pixels[start : start + batch_size]))


def pipeline(encoder: ImageEncoder, request: IndexRequest) -> None:
    """A fresh library, from the scan to the last commit."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-library-") as library,
        open_writer(Path(library) / "library", command="benchmark") as writer,
    ):
        space = writer.use_space(encoder.info)
        report = index_folders(writer, [(space, encoder)], request, _quiet, exact_below=50_000)
        if report.embedded != report.added or report.skipped:
            raise SystemExit(f"not every photo was embedded: {report}")


def run_rounds(encoder: ImageEncoder, photos: Sequence[Path], request: IndexRequest, *, rounds: int) -> list[Round]:
    """The three, one after the other, `rounds` times."""
    everything, count, size = [], len(photos), request.batch_size
    limits = DecodeLimits()
    with DecodePool(targets=[encoder.info.preprocess], limits=limits, workers=request.workers) as pool:
        pixels = decode_alone(pool, photos)  # starts the workers, warms the disk cache
        encode_alone(encoder, pixels[:size], size)  # loads the weights
        for _ in range(rounds):
            decode_s, others_1 = timed(lambda: decode_alone(pool, photos))
            encode_s, others_2 = timed(lambda: encode_alone(encoder, pixels, size))
            both_s, others_3 = timed(lambda: pipeline(encoder, request))
            others = max(others_1, others_2, others_3)
            everything.append(Round(count / decode_s, count / encode_s, count / both_s, others))
            print(f"{everything[-1]}: ratio {everything[-1].ratio:.3f}", flush=True)
    return everything


def measure(scratch: Path, source: Path, *, count: int, rounds: int, workers: int, batch_size: int) -> Result:
    """The three, `rounds` times."""
    encoder = load_encoder(make_model(scratch / "model"))
    photos = make_photos(source, scratch / f"photos-{count}", count)
    request = IndexRequest(paths=(absolute(photos[0].parent),), batch_size=batch_size, workers=workers)
    everything = run_rounds(encoder, photos, request, rounds=rounds)
    counting = [one for one in everything if one.others <= OTHERS]
    if not counting:
        raise SystemExit("other programs kept the machine busy in every round: nothing to be said; try again later")
    return Result(
        pictures=count,
        rounds=len(counting),
        rounds_disturbed=rounds - len(counting),
        workers=workers,
        batch_size=batch_size,
        decode_per_s=statistics.median(one.decode for one in counting),
        encode_per_s=statistics.median(one.encode for one in counting),
        pipeline_per_s=statistics.median(one.pipeline for one in counting),
        ratio=statistics.median(one.ratio for one in counting),
        ratios=tuple(round(one.ratio, 4) for one in counting),
        machine=f"{platform.system()} {platform.machine()}",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/photos"), help="a folder of JPEG files")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-benchmark")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=default_workers())
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--json", type=Path, help="write the result there")
    given = parser.parse_args()
    result = measure(
        given.scratch,
        given.photos,
        count=given.count,
        rounds=given.rounds,
        workers=given.workers,
        batch_size=given.batch_size,
    )
    print(f"ratio {result.ratio:.3f} (median of {result.rounds}; the target is 0.9)")
    write_json(given.json, asdict(result))


def _quiet(progress: Progress) -> None:
    del progress


if __name__ == "__main__":
    main()
