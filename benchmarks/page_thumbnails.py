"""Thumbnails for a library whose pictures exist nowhere: real photos drawn small, kept under every picture's name.

What a browser shows of it is what it would show of as many photos; that pictures repeat costs it the same.
"""

import io
from itertools import islice
from pathlib import Path

from PIL import Image

from benchmarks.million_library import content_hash
from db.thumbnails import ThumbnailCache

SIDE = 256  # what the grid asks for on a screen of 1440 pixels
_PHOTOS = 200
_ROOM = 10**12


def fill_cache(library: Path, rows: int, photos: Path) -> None:
    """Keep a thumbnail for each of so many pictures; nothing where they are there already."""
    cache = ThumbnailCache(library, _ROOM)
    if cache.get(content_hash(rows), SIDE) is not None:
        return
    drawn = [_drawn(photo) for photo in islice(sorted(photos.glob("*.jpg")), _PHOTOS)]
    for number in range(1, rows + 1):
        cache.put(content_hash(number), SIDE, drawn[number % len(drawn)])


def _drawn(photo: Path) -> bytes:
    with Image.open(photo) as image:
        small = image.convert("RGB")
        small.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        small.save(out, "WEBP", quality=75)
    return out.getvalue()
