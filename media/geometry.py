"""Where in a picture a model looks: the crop and the size, as open_clip's preprocessing chooses them.

Pure arithmetic on sizes, in the picture as shown (after orientation); `fit` carries it out.
"""

from dataclasses import dataclass

from core.models import Preprocess

Box = tuple[float, float, float, float]  # left, upper, right, lower, in source pixels; may be fractions


# A picture whose resized whole is at most this many times the model's is resized whole and then cropped, as open_clip
# does it: the rounding of Pillow's two passes depends on their sizes. A longer one has only its middle resized, which
# is off by up to 7 levels at one pixel in 5,000: 3,158,064 × 48 pixels would become 14,737,632 × 224.
_MOST_RESIZED = 2.5


@dataclass(frozen=True, slots=True)
class Placement:
    """Resize `box` of the source to (width, height), and paste it at (left, top) of the model's picture.

    What then lies outside the model's picture is cut off.
    """

    box: Box
    width: int
    height: int
    left: int = 0
    top: int = 0


def place(width: int, height: int, preprocess: Preprocess) -> Placement:
    """How a picture of this size is fitted."""
    if preprocess.resize == "squash":
        return Placement((0.0, 0.0, float(width), float(height)), preprocess.width, preprocess.height)
    if preprocess.resize == "longest":
        return _longest(width, height, preprocess)
    return _shortest(width, height, preprocess)


def _shortest(width: int, height: int, preprocess: Preprocess) -> Placement:
    wanted_w, wanted_h = preprocess.width, preprocess.height
    if wanted_w == wanted_h:  # torchvision's Resize of the shorter side rounds the longer one down
        short = wanted_w
        resized_w, resized_h = (short, short * height // width) if width <= height else (short * width // height, short)
    else:  # open_clip's ResizeKeepRatio rounds both, and falls short of neither
        ratio = min(height / wanted_h, width / wanted_w)
        resized_w, resized_h = round(width / ratio), round(height / ratio)
    left = round((resized_w - wanted_w) / 2.0)
    top = round((resized_h - wanted_h) / 2.0)
    if resized_w * resized_h <= _MOST_RESIZED * wanted_w * wanted_h:
        return Placement((0.0, 0.0, float(width), float(height)), resized_w, resized_h, -left, -top)
    x, y = width / resized_w, height / resized_h
    box = (left * x, top * y, min((left + wanted_w) * x, float(width)), min((top + wanted_h) * y, float(height)))
    return Placement(box, wanted_w, wanted_h)


def _longest(width: int, height: int, preprocess: Preprocess) -> Placement:
    ratio = max(height / preprocess.height, width / preprocess.width)
    resized_w = min(max(1, round(width / ratio)), preprocess.width)
    resized_h = min(max(1, round(height / ratio)), preprocess.height)
    left, top = (preprocess.width - resized_w) // 2, (preprocess.height - resized_h) // 2
    return Placement((0.0, 0.0, float(width), float(height)), resized_w, resized_h, left, top)


def stored_box(box: Box, width: int, height: int, orientation: int) -> Box:
    """`box` of the picture as shown, in the pixels as stored (`width` × `height` is the size as stored)."""
    left, upper, right, lower = box
    if orientation in TRANSPOSED:
        left, upper, right, lower = upper, left, lower, right
    if orientation in {2, 3, 7, 8}:  # stored right to left of what is shown
        left, right = width - right, width - left
    if orientation in {3, 4, 6, 7}:  # stored bottom up
        upper, lower = height - lower, height - upper
    return left, upper, right, lower


TRANSPOSED = frozenset({5, 6, 7, 8})
"""EXIF orientations whose stored rows are shown as columns."""
