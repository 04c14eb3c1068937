"""Whether two pictures show the same pixels: recompressed, resized, or one cut from the other.

Compares low-resolution grey pixels by zero-mean normalised cross-correlation (J. P. Lewis, "Fast Normalized
Cross-Correlation", 1995), at every offset and several scales through the FFT. Identical bytes are told by their hash,
pictures that merely look alike by their vectors; both elsewhere.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels
from core.queries import CopyKind
from media.correlation import Match, best_match, correlation

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

COMPARE_SIDE = 256  # pixels of the longer side: what `compare_copies` makes use of

# Measured over the 193 photos, see docs/decisions/0004-copies-by-pixels.md: copies are above these, others far below.
_SAME = 0.99  # correlation of the two whole pictures
_SAME_LEVELS = 6.0  # mean difference of their colours, of 255
_SAME_WORST = 48.0  # largest difference of one spot: someone who moved between two frames shows here
_COARSE = 0.85  # a crop found at low resolution is worth a closer look
_CROP = 0.95  # correlation of a crop with its place
_CROP_LEVELS = 12.0  # mean difference of their colours
_SQUARE = 32  # pixels: whole pictures are compared at this size
_COLOUR_SQUARE = 16  # pixels: the colours of a crop and of its place, which may be half a pixel off
_COARSE_SIDE = 48
_FINE_SIDE = 112
_LEAST_LEFT = 0.38  # of a side, after 30% were cut at both ends
_BLUR = 1.0  # pixels: half a pixel of misplacement must not undo a match of fine textures
_FLAT = 2.0  # standard deviation in levels under which there is nothing to correlate


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two pictures."""

    image: "Image.Image"  # RGB
    size: tuple[int, int]  # of the original file


def compare_copies(
    query: Pixels, candidate: Pixels, *, query_size: tuple[int, int], candidate_size: tuple[int, int]
) -> CopyKind | None:
    """How `candidate` relates to `query`, or None where it is another picture.

    Args:
        query: uint8 (height, width, 3) RGB as shown; about COMPARE_SIDE pixels a side say as much as more would.
        candidate: likewise.
        query_size: (width, height) of the original as shown.
        candidate_size: likewise.

    Returns:
        RECOMPRESSED for the same size in pixels, RESIZED for another one, CROPPED where one is a part of the other
        (up to 30% cut at each side), whether or not it was resized as well.
    """
    from PIL import Image

    one = _Side(Image.fromarray(np.ascontiguousarray(query)), query_size)
    other = _Side(Image.fromarray(np.ascontiguousarray(candidate)), candidate_size)
    if _same_whole(one.image, other.image):
        if query_size == candidate_size:
            return CopyKind.RECOMPRESSED
        return CopyKind.RESIZED if _same_shape(query_size, candidate_size) else CopyKind.CROPPED
    if _is_part(one, other) or _is_part(other, one):
        return CopyKind.CROPPED
    return None


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """True where the aspect ratios differ by no more than rounding to whole pixels."""
    wide, high = one[0] * other[1], one[1] * other[0]
    return abs(wide - high) <= 2.0 * max(one[0], one[1], other[0], other[1])


def _same_whole(one: "Image.Image", other: "Image.Image") -> bool:
    a, b = (np.asarray(image.resize((_SQUARE, _SQUARE), _area()), np.float32) for image in (one, other))
    levels = np.abs(a - b).mean(axis=2)
    if float(levels.mean()) > _SAME_LEVELS or float(levels.max()) > _SAME_WORST:
        return False
    grey_a, grey_b = a.mean(axis=2), b.mean(axis=2)
    if max(float(grey_a.std()), float(grey_b.std())) < _FLAT:
        return True
    return correlation(grey_a, grey_b) >= _SAME


def _is_part(part: _Side, whole: _Side) -> bool:
    """True where `part` is found inside `whole`: looked for coarsely at all scales, then closely around the best."""
    widths = _possible_widths(part.size, whole.size)
    coarse = _search(part, whole, side=_COARSE_SIDE, widths=widths)
    if coarse is None or coarse.score < _COARSE:
        return False
    fine = _search(part, whole, side=_FINE_SIDE, widths=coarse.width * np.linspace(0.96, 1.04, 9))
    return fine is not None and fine.score >= _CROP and _same_colours(part, whole, fine)


def _possible_widths(part: tuple[int, int], whole: tuple[int, int]) -> "NDArray[np.float64]":
    """Widths that `part` can have inside `whole`, as fractions of its width, about 4% apart.

    Neither side may be more than the whole's, nor less than what is left after the deepest cut.
    """
    taller = (part[1] / part[0]) / (whole[1] / whole[0])  # height fraction = width fraction × taller
    most = min(1.0, 1.0 / taller)
    least = max(_LEAST_LEFT, _LEAST_LEFT / taller)
    if least >= most:
        return np.empty(0)
    return np.geomspace(least, most, max(2, round(np.log(most / least) / 0.04)))


def _search(part: _Side, whole: _Side, *, side: int, widths: "NDArray[np.float64]") -> Match | None:
    """The best place of `part` in `whole`, whose longer side is made `side` pixels."""
    scale = side / max(whole.size)
    across, down = (max(8, round(length * scale)) for length in whole.size)
    aspect = (part.size[1] / part.size[0]) * (whole.size[0] / whole.size[1])
    sizes = {}
    for width in widths:
        size = min(across, round(width * across)), min(down, round(width * aspect * down))
        if min(size) >= 6:
            sizes[size] = float(width)
    if not sizes:
        return None
    templates = [(width, _grey(part.image, size)) for size, width in sizes.items()]
    return best_match(_grey(whole.image, (across, down)), templates)


def _same_colours(part: _Side, whole: _Side, match: Match) -> bool:
    """Grey pixels can agree by chance where the picture is plain; colours must, too."""
    left, top, right, lower = match.box
    box = left * whole.image.width, top * whole.image.height, right * whole.image.width, lower * whole.image.height
    square = (_COLOUR_SQUARE, _COLOUR_SQUARE)
    place, shown = whole.image.resize(square, _area(), box), part.image.resize(square, _area())
    return float(np.abs(np.asarray(place, np.float32) - np.asarray(shown, np.float32)).mean()) <= _CROP_LEVELS


def _grey(image: "Image.Image", size: tuple[int, int]) -> "NDArray[np.float32]":
    from PIL import ImageFilter

    return np.asarray(image.convert("L").resize(size, _area()).filter(ImageFilter.GaussianBlur(_BLUR)), np.float32)


def _area() -> "Image.Resampling":
    from PIL import Image

    return Image.Resampling.HAMMING  # antialiased, no ringing
