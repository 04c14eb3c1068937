"""Thumbnails: what drawing one costs beside plain Pillow, and what one from the cache costs beside drawing it.

    python -m benchmarks.thumbnails --photos ../shared/data/photos --json RESULTS.json

Photos as they are, and enlarged to 4000 × 3000 pixels with a camera's noise in three formats. The two take turns over
each file; what counts is the median of the thread's processor time. Plain Pillow decodes in full, and saves as it does
by default.
"""

import argparse
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

from benchmarks.large_pictures import make_large
from benchmarks.results_file import write_json
from media import AskedPicture, DecodeLimits, Drawing
from media.decode import Hooks
from media.making import make
from semantic_image_search import Library, open_library
from semantic_image_search.pictures import RENDITION
from semantic_image_search.pictures.thumbnails import quality_of

SIDES = (256, 512, RENDITION)
_SAVED = {".heic": {"quality": 70}, ".png": {"compress_level": 3}}
_KEPT = 50  # times that each picture is taken from the cache


@dataclass(frozen=True)
class Line:
    """What is reported of one kind of file and one side."""

    kind: str
    side: int
    ours_ms: float
    pillow_ms: float
    ratio: float  # Pillow's time to ours
    webp_bytes: int


def by_media(file: Path, side: int) -> bytes:
    """As a worker does it: hashed, within limits, in sRGB."""
    wanted = Drawing(side, quality_of(side))
    made = make(AskedPicture(os.fsencode(file)), wanted, limits=DecodeLimits(), hooks=Hooks())
    return made.webp  # type: ignore[union-attr]  # what a Drawing makes


def by_pillow(file: Path, side: int) -> bytes:
    """As most programs do it."""
    with Image.open(file) as image:
        image.load()
        small = ImageOps.exif_transpose(image).convert("RGB")
    small.thumbnail((side, side), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=quality_of(side))
    return out.getvalue()


def compare(kind: str, files: list[Path], side: int) -> Line:
    """Both over every file, in turn."""
    ours, pillow, size = [], [], 0
    for file in files:
        ours_ms, webp = _timed(lambda file=file: by_media(file, side))  # type: ignore[misc]
        pillow_ms, _ = _timed(lambda file=file: by_pillow(file, side))  # type: ignore[misc]
        ours.append(ours_ms)
        pillow.append(pillow_ms)
        size += len(webp)
    mine, theirs = statistics.median(ours), statistics.median(pillow)
    return Line(kind, side, round(mine, 1), round(theirs, 1), round(theirs / mine, 2), size // len(files))


def kept(photos: list[Path], folder: Path) -> dict[str, float]:
    """What a thumbnail costs that is in the cache, beside one that is not, in a library of these photos."""
    with open_library(folder / "library", model="mini") as library:
        library.index(photos)
        ids = [one.image_id for one in library.pictures.of(range(1, len(photos) + 1))]
        for image_id in ids:
            library.pictures.thumbnail(image_id, 256)
        hit = statistics.median(_timed(lambda i=i: _from_cache(library, i))[0] for i in ids for _ in range(_KEPT))  # type: ignore[misc]
    drawn = statistics.median(_timed(lambda photo=photo: by_media(photo, 256))[0] for photo in photos)  # type: ignore[misc]
    return {"kept_ms": round(hit, 3), "drawn_ms": round(drawn, 2), "ratio": round(drawn / hit, 1)}


def _from_cache(library: Library, image_id: int) -> None:
    content_hash = library.pictures.content_hash(image_id)
    if content_hash is None or library.pictures.kept_thumbnail(content_hash, 256) is None:
        raise SystemExit(f"picture {image_id} is not in the cache")


def _timed(work: Callable[[], bytes | None]) -> tuple[float, bytes]:
    """Milliseconds of this thread's processor time."""
    started = time.thread_time()
    made = work()
    return 1000 * (time.thread_time() - started), made or b""


def _files(photos: list[Path], folder: Path, count: int) -> dict[str, list[Path]]:
    pillow_heif.register_heif_opener()
    make_large(photos[0].parent, folder / "large", count)
    large = sorted((folder / "large").iterdir())[:count]
    files = {"photo, 0.2 megapixels": photos[: 4 * count], "JPEG, 12 megapixels": large}
    for ending, options in _SAVED.items():
        files[f"{ending[1:].upper()}, 12 megapixels"] = saved = [folder / f"{n}{ending}" for n in range(count)]
        for source, target in zip(large, saved, strict=True):
            with Image.open(source) as image:
                image.save(target, **options)  # type: ignore[arg-type]
    return files


def main() -> None:
    """Prints a line for each kind and side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=6, help="large pictures of each format")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    photos = sorted(asked.photos.resolve().glob("*.*"))
    with tempfile.TemporaryDirectory() as name:
        files = _files(photos, Path(name), asked.count)
        lines = [compare(kind, some, side) for kind, some in files.items() for side in SIDES]
        cache = kept(photos[:40], Path(name))
    for line in lines:
        print(
            f"{line.kind:24s} {line.side:5d}  {line.ours_ms:7.1f} ms  Pillow {line.pillow_ms:7.1f}  × {line.ratio:.2f}"
        )
    print(f"from the cache {cache['kept_ms']:.3f} ms, drawn {cache['drawn_ms']:.1f} ms: × {cache['ratio']:.0f}")
    write_json(asked.json, {"drawing": [asdict(line) for line in lines], "cache": cache})


if __name__ == "__main__":
    main()
