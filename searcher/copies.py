"""How pictures of the library relate to the one looked up: the same bytes, a copy of it, or merely alike.

The vector finds candidates; pixels decide (`media.compare_copies`). Where a candidate cannot be opened, the
perceptual hash decides; it knows nothing of crops.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.arrays import Pixels
from core.errors import PictureProblem
from core.pictures import Picture
from core.queries import CopyKind
from media import COMPARE_SIDE, compare_copies, load_rgb, picture_size
from searcher.grouping import COPY_ASPECT, COPY_BITS, COPY_COSINE, Found
from searcher.request import LookupRequest

VERIFY_AMONG = 100  # best candidates that may turn out to be copies; fixed, so that pages fit together
MOST_DECODES = 20  # files opened per lookup: about 10 ms each for a photo read at reduced scale
DECODE_FLOOR = 0.6
"""Cosine under which no file is opened: the middle of pairs of *different* pictures (see grouping), so that a hard crop
is still looked at; MOST_DECODES bounds the time."""

LoadRgb = Callable[[bytes], Pixels]
"""The picture at this path, uint8 (height, width, 3) as shown, at low resolution. Raises PictureProblem."""


def load_small(path: bytes) -> Pixels:
    """The picture as shown, uint8 (height, width, 3), its longer side at most COMPARE_SIDE.

    Raises:
        PictureProblem: it cannot be read.
    """
    return load_rgb(path, max_side=COMPARE_SIDE)


def mark_copies(found: Sequence[Found], request: LookupRequest, load_rgb: LoadRgb) -> list[Found]:
    """Each picture with its `copy` set, in the order given.

    Args:
        found: pictures of the library, best first.
        request: the picture looked up.
        load_rgb: opens a file of the library; called for MOST_DECODES files at most, best first.
    """
    decodes = 0
    marked = []
    for position, one in enumerate(found):
        kind = CopyKind.SIMILAR
        if is_itself(one.picture, request):
            kind = CopyKind.IDENTICAL
        elif position < VERIFY_AMONG:
            likely = decodes < MOST_DECODES and one.score >= DECODE_FLOOR and not one.picture.offline
            decodes += likely
            opened = _opened(one.picture, load_rgb) if likely else None
            kind = _by_hash(one, request) if opened is None else _by_pixels(opened, request)
        marked.append(replace(one, copy=kind))
    return marked


def is_itself(picture: Picture, request: LookupRequest) -> bool:
    """The same bytes; for pictures whose bytes were never read (imported vectors), the same path."""
    if picture.content_hash is not None:
        return picture.content_hash == request.content_hash
    return request.path is not None and request.path in {picture.path, *picture.other_paths}


def _opened(picture: Picture, load_rgb: LoadRgb) -> tuple[Pixels, tuple[int, int]] | None:
    """Pixels and original size (width, height); None where the file cannot be opened."""
    facts = picture.facts
    try:
        pixels = load_rgb(picture.path)
        # imported with its vector while the file was out of reach, nothing is known of its size
        size = (facts.width, facts.height) if facts.width else picture_size(picture.path)
    except PictureProblem:  # vanished or broken since it was indexed: the next `search index` reports it
        return None
    return pixels, size


def _by_pixels(opened: tuple[Pixels, tuple[int, int]], request: LookupRequest) -> CopyKind:
    pixels, size = opened
    return compare_copies(request.rgb, pixels, query_size=request.size, candidate_size=size) or CopyKind.SIMILAR


def _by_hash(one: Found, request: LookupRequest) -> CopyKind:
    facts, (width, height) = one.picture.facts, request.size
    if request.phash is None or facts.phash is None or one.score < COPY_COSINE:
        return CopyKind.SIMILAR
    bits = int(np.bitwise_count(np.uint64(request.phash) ^ np.uint64(facts.phash)))
    same_shape = abs(facts.width * height - width * facts.height) <= COPY_ASPECT * width * facts.height
    if bits > COPY_BITS or not same_shape:
        return CopyKind.SIMILAR
    return CopyKind.RECOMPRESSED if (facts.width, facts.height) == request.size else CopyKind.RESIZED
