"""One 12-megapixel picture of each format to a model's 224 pixels: by `media`, by Pillow in full, by other decoders.

    python -m benchmarks.decoding --photos ../shared/data/photos --teacher ../shared/data/teacher --json RESULTS.json

Photos are enlarged to 4000 × 3000 pixels with a camera's noise, and saved in each format. The decoders take turns over
each file; what counts is the median of the processor time of all threads. What a decoder changes is said in the pooled
features of MobileNetV2 (ImageNet): 1 - cosine against Pillow's full decoding and open_clip's resizing of the same file.
Decoders that are not installed are left out; unlike `media` they look for nothing but pixels.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.large_pictures import make_large
from core.arrays import Pixels
from core.models import Preprocess
from media import DecodeLimits, decode_picture, fit_array
from training.teacher import Teacher

TARGET = Preprocess(height=224, width=224)
SAVED: dict[str, Mapping[str, object]] = {  # ending: how it is saved
    ".jpg": {"quality": 88, "subsampling": 2},
    ".progressive.jpg": {"quality": 88, "subsampling": 2, "progressive": True},
    ".heic": {"quality": 70},
    ".png": {"compress_level": 3},
    ".webp": {"quality": 85, "method": 2},
    ".avif": {"quality": 60, "speed": 8},
    ".jp2": {"quality_mode": "rates", "quality_layers": [20]},
    ".tif": {},
    ".bmp": {},
}
_JPEGS = frozenset({".jpg", ".progressive.jpg"})

Decoder = Callable[[Path], Pixels]
"""A file to uint8 (224, 224, 3)."""


@dataclass
class Taken:
    """One decoder over the files of one format."""

    decoder: str
    ending: str
    seconds: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """What is reported of it."""

    ending: str
    decoder: str
    ms: float  # of processor time, median
    change_mean: float  # 1 - cosine of features
    change_most: float


def by_media(file: Path) -> Pixels:
    """The whole of what indexing does to a file: hash, metadata and perceptual hash, too."""
    picture = decode_picture(os.fsencode(file.absolute()), targets=[TARGET], limits=DecodeLimits())
    if picture is None:
        raise SystemExit(f"{file}: nothing was decoded")
    return picture.pixels[0]


def by_pillow(file: Path) -> Pixels:
    """Decoded in full, then resized and cropped as open_clip does it: what others are compared with."""
    with Image.open(file) as image:
        rgb = image.convert("RGB")
    short = min(rgb.size)
    size = (224 * rgb.width // short, 224 * rgb.height // short)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    return np.asarray(rgb.resize(size, Image.Resampling.BICUBIC).crop((left, top, left + 224, top + 224)))


def rivals() -> dict[str, tuple[Decoder, frozenset[str]]]:
    """Those that are installed: name, decoder, and the endings it is good for."""
    found: dict[str, tuple[Decoder, frozenset[str]]] = {}
    if importlib.util.find_spec("cv2"):
        cv2 = importlib.import_module("cv2")
        cv2.setNumThreads(1)
        quarter, full = cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_COLOR

        def opencv(file: Path, how: int) -> Pixels:
            return fit_array(cv2.imdecode(np.fromfile(file, np.uint8), how)[:, :, ::-1], TARGET)

        found["OpenCV, a quarter"] = (lambda file: opencv(file, quarter), _JPEGS)
        found["OpenCV, in full"] = (lambda file: opencv(file, full), frozenset(SAVED) - {".heic"})
    if importlib.util.find_spec("simplejpeg"):
        simplejpeg = importlib.import_module("simplejpeg")

        def simple(file: Path) -> Pixels:
            return fit_array(simplejpeg.decode_jpeg(file.read_bytes(), min_width=448, min_height=448), TARGET)

        found["simplejpeg, scaled"] = (simple, _JPEGS)
    return found


def make_files(photos: Path, folder: Path, count: int) -> dict[str, list[Path]]:
    """The same large pictures in each format."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    originals = folder / "large"
    make_large(photos, originals, count)
    files: dict[str, list[Path]] = {ending: [] for ending in SAVED}
    for original in sorted(originals.glob("*.jpg"))[:count]:
        for ending, how in SAVED.items():
            target = folder / f"{original.stem}{ending}"
            if not target.exists():
                Image.open(original).save(target, **how)
            files[ending].append(target)
    return files


def measure(files: Mapping[str, list[Path]], teacher: Teacher) -> list[Taken]:
    """Every decoder over every file it is good for; they take turns."""
    everyone = {"media": (by_media, frozenset(SAVED)), **rivals()}
    lines: dict[tuple[str, str], Taken] = {}
    for ending, paths in files.items():
        for path in paths:
            whole, seconds = timed(by_pillow, path)
            seen = {"Pillow, in full": (whole, seconds)}
            seen |= {name: timed(decoder, path) for name, (decoder, good) in everyone.items() if ending in good}
            for name, (pixels, seconds) in seen.items():
                taken = lines.setdefault((ending, name), Taken(name, ending))
                taken.seconds.append(seconds)
                taken.changes.append(change(teacher, pixels, whole))
        print(f"{ending}: {len(paths)} files", flush=True)
    return list(lines.values())


def timed(decoder: Decoder, file: Path) -> tuple[Pixels, float]:
    """The pixels, and the processor time of this process: libheif has threads of its own."""
    start = time.process_time()
    pixels = decoder(file)
    return pixels, time.process_time() - start


def change(teacher: Teacher, pixels: Pixels, whole: Pixels) -> float:
    """1 - cosine of the features."""
    one, other = teacher.see(np.stack([pixels, whole]))[0].astype(np.float64)
    return float(1.0 - one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def report(taken: Taken) -> Line:
    """Medians and means."""
    return Line(
        ending=taken.ending,
        decoder=taken.decoder,
        ms=round(1000.0 * statistics.median(taken.seconds), 1),
        change_mean=round(statistics.fmean(taken.changes), 5),
        change_most=round(max(taken.changes), 5),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=Path, default=Path("../shared/data/photos"), help="a folder of JPEG files")
    parser.add_argument("--teacher", type=Path, default=Path("../shared/data/teacher"), help="MobileNetV2's folder")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-benchmark" / "formats")
    parser.add_argument("--count", type=int, default=8, help="pictures of each format")
    parser.add_argument("--json", type=Path, help="write the result there")
    given = parser.parse_args()
    files = make_files(given.photos, given.scratch, given.count)
    lines = [report(one) for one in measure(files, Teacher(given.teacher))]
    for line in lines:
        said = f"{line.ms:7.1f} ms  changes {line.change_mean:.4f}, at most {line.change_most:.4f}"
        print(f"{line.ending:<18} {line.decoder:<18} {said}")
    if given.json:
        machine = f"{platform.system()} {platform.machine()}"
        result = {"pictures": given.count, "machine": machine, "lines": [asdict(line) for line in lines]}
        given.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
