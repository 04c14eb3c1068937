"""What a model costs to use: time of the processor per picture and per text, and bytes on disk."""

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from core.arrays import Pixels
from core.protocols import Encoder
from encoders.names import resolve
from encoders.weights import files_of
from media import fit_array
from training.figures import Cost

_REPEATS = 3
One = TypeVar("One")


def cost(encoder: Encoder, pictures: Sequence[Pixels], texts: Sequence[str], *, folder: Path) -> Cost:
    """Pictures and texts one at a time, the median of all.

    Args:
        encoder: of one thread: the processor's time is counted, which a busy machine hardly changes.
        pictures: decoded; fitting them is part of the time.
        texts: what is asked for.
        folder: of the model's files.
    """
    fit = encoder.info.preprocess
    return Cost(
        seconds_per_picture=_median(lambda one: encoder.encode_pixels(fit_array(one, fit)[None]), pictures),
        seconds_per_text=_median(lambda one: encoder.encode_texts([one]), texts),
        size_bytes=sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        processor=_processor(),
    )


def model_folder(name: str) -> Path:
    """Where the files of a model lie; `load_encoder` has found them there."""
    spec, source = resolve(name)
    files = files_of(spec.name, source)
    if files is None:
        raise FileNotFoundError(name)
    return files.weights.parent


def _median(run: Callable[[One], object], things: Sequence[One]) -> float:
    run(things[0])  # loads what is loaded on first use
    taken = []
    for thing in [*things] * _REPEATS:
        started = time.process_time()
        run(thing)
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def _processor() -> str:
    """The processor's name where Linux tells it."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
