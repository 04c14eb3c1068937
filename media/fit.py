"""Pixels fitted to a model: oriented, RGB, resized and cropped as open_clip's own preprocessing would.

Equal to open_clip's resize and crop to ±2 levels; never allocates more than the source, one band of rows and the
result, whatever the aspect ratio. Mean and std are the encoder's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels
from core.models import Preprocess
from media.colours import Flattener
from media.geometry import TRANSPOSED, Box, place, stored_box

if TYPE_CHECKING:
    from PIL import Image

_BAND_PIXELS = 250_000  # rows are made RGB this many pixels at a time: 1 MB, which fits a cache
_SMALL_PIXELS = 4_000_000  # a picture up to this size may exist twice
_MOST_SCALE = 64.0  # source pixels per target pixel: over it, blocks are averaged first,
_LEAST_SCALE = 16.0  # to so many
_ORIENTATION_TAG = 0x0112

# Pixels left for each of a target's when blocks are averaged first. The pooled features of MobileNetV2 then differ by
# 0.0045 (1 - cosine) at most from those without it, as they do when a level or two change anywhere.
KEPT = 3.0


@dataclass(frozen=True, slots=True)
class Raster:
    """Loaded pixels, and how they are to be shown.

    `scale` is the factor a JPEG was reduced by while it was decoded: pixel i stands for the full picture's pixels
    scale × i to scale × (i + 1), also at the right and lower edge, where the last one may stand for fewer.
    """

    image: "Image.Image"
    orientation: int = 1  # EXIF, 1 to 8: still to be applied
    scale: int = 1
    full_size: tuple[int, int] = (0, 0)  # (width, height) as stored, before the reduction; (0, 0): the image's own

    @property
    def stored_size(self) -> tuple[int, int]:
        """(width, height) of the full picture as stored."""
        return self.full_size if self.full_size != (0, 0) else self.image.size

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the full picture as shown."""
        return shown_size(self.stored_size, self.orientation)


def fit_pixels(image: "Image.Image", preprocess: Preprocess) -> Pixels:
    """A Pillow image (any mode, any EXIF orientation), fitted: uint8 (height, width, 3) RGB.

    Loads the image. What its decoder raises passes through: files are read by `decode_picture`.
    """
    image.load()
    return fit_raster(Raster(image, orientation_of(image)), preprocess)


def fit_array(rgb: Pixels, preprocess: Preprocess) -> Pixels:
    """uint8 (height, width, 3) RGB as it is shown, fitted: uint8 (preprocess.height, preprocess.width, 3)."""
    from PIL import Image

    return fit_raster(Raster(Image.fromarray(np.ascontiguousarray(rgb))), preprocess)


def fit_raster(raster: Raster, preprocess: Preprocess) -> Pixels:
    """Like `fit_pixels`, for pixels whose orientation and reduction are known."""
    from PIL import Image

    placement = place(*raster.size, preprocess)
    resample = Image.Resampling.BILINEAR if preprocess.interpolation == "bilinear" else Image.Resampling.BICUBIC
    fitted = _resized(raster, placement.box, (placement.width, placement.height), resample)
    pixels = np.asarray(fitted)[max(0, -placement.top) :, max(0, -placement.left) :]
    pixels = pixels[: preprocess.height, : preprocess.width]
    canvas = np.full((preprocess.height, preprocess.width, 3), preprocess.fill, np.uint8)
    top, left = max(0, placement.top), max(0, placement.left)
    canvas[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return canvas


def shrink(raster: Raster, size: tuple[int, int]) -> "Image.Image":
    """The whole of a picture as shown, RGB, resized to (width, height), bicubic with antialiasing."""
    from PIL import Image

    width, height = raster.size
    return _resized(raster, (0.0, 0.0, float(width), float(height)), size, Image.Resampling.BICUBIC)


def shrink_to_side(raster: Raster, max_side: int | None) -> "Image.Image":
    """Like `shrink`, the longer side made `max_side` pixels long where it is longer; None: the full size."""
    width, height = raster.size
    smaller = 1.0 if max_side is None else min(1.0, max_side / max(width, height))
    return shrink(raster, (max(1, round(width * smaller)), max(1, round(height * smaller))))


def flat_where_small(image: "Image.Image") -> "Image.Image":
    """A loaded image as RGB where that costs little: several targets then share the work. Large ones stay as is."""
    if image.width * image.height > _SMALL_PIXELS:
        return image
    return Flattener(image).band((0, 0, *image.size))


def thinned(raster: Raster, targets: Sequence[Preprocess], *, least_side: int) -> Raster:
    """The same picture, RGB, blocks of pixels averaged where it has many more than its targets want to see.

    At least `KEPT` pixels are left for each of a target's along each side, and `least_side` along the shorter one.
    What each target is then resized from is a small part of a 12 megapixel HEIC or PNG.
    """
    spare = min(raster.image.size) / least_side
    for target in targets:
        spare = min(spare, pixels_per_pixel(raster.size, target) / raster.scale / KEPT)
    block = int(spare)
    if block < 2:
        return raster
    small = _averaged(Flattener(raster.image), (block, block))
    return Raster(small, raster.orientation, raster.scale * block, raster.stored_size)


def pixels_per_pixel(size: tuple[int, int], target: Preprocess) -> float:
    """How many pixels of a picture of this size (as shown) there are for one of the target's, along one side."""
    placed = place(*size, target)
    left, upper, right, lower = placed.box
    return min((right - left) / placed.width, (lower - upper) / placed.height)


def shown_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(width, height) as shown, of a picture stored as `size`."""
    return (size[1], size[0]) if orientation in TRANSPOSED else size


def orientation_of(image: "Image.Image") -> int:
    """The EXIF orientation still to be applied, 1 to 8; 1 where there is none or it makes no sense."""
    value = image.getexif().get(_ORIENTATION_TAG)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _resized(raster: Raster, box: Box, size: tuple[int, int], resample: "Image.Resampling") -> "Image.Image":
    """`box` and `size` are as shown; the pixels are resized as stored, and turned when they are few."""
    left, upper, right, lower = (
        edge / raster.scale for edge in stored_box(box, *raster.stored_size, raster.orientation)
    )
    image = raster.image
    stored = max(0.0, left), max(0.0, upper), min(float(image.width), right), min(float(image.height), lower)
    turned = _resample(image, stored, shown_size(size, raster.orientation), resample)
    method = _turns().get(raster.orientation)
    return turned if method is None else turned.transpose(method)


def _turns() -> "dict[int, Image.Transpose]":
    from PIL import Image

    turn = Image.Transpose
    return {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_270,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_90,
    }


def _resample(image: "Image.Image", box: Box, size: tuple[int, int], resample: "Image.Resampling") -> "Image.Image":
    flattener = Flattener(image)
    blocks = _block(box[2] - box[0], size[0]), _block(box[3] - box[1], size[1])
    if blocks != (1, 1):
        image = _averaged(flattener, blocks)
        box = box[0] / blocks[0], box[1] / blocks[1], box[2] / blocks[0], box[3] / blocks[1]
        box = box[0], box[1], min(box[2], float(image.width)), min(box[3], float(image.height))
        flattener = Flattener(image)
    if flattener.is_rgb:
        return image.resize(size, resample, box)
    left, upper, right, lower = _needed(image, box, size)
    if (right - left) * (lower - upper) <= _BAND_PIXELS:
        part = flattener.band((left, upper, right, lower))
        moved = (box[0] - left, box[1] - upper, box[2] - left, box[3] - upper)
        return part.resize(size, resample, moved)
    return _resample_in_bands(flattener, (left, upper, right, lower), box, size, resample)


def _block(source: float, target: int) -> int:
    """How many pixels in a row are averaged before the filter. 1 for photos.

    A filter over thousands of pixels has to be tabulated for each of them; averages of at most a quarter of its
    smallest feature say the same.
    """
    scale = source / target
    return int(scale / _LEAST_SCALE) if scale > _MOST_SCALE else 1


def _averaged(flattener: Flattener, blocks: tuple[int, int]) -> "Image.Image":
    """The whole picture, RGB, each block of (across, down) pixels averaged."""
    from PIL import Image

    width, height = flattener.size
    across, down = blocks
    if flattener.is_rgb:
        return flattener.band((0, 0, width, height)).reduce(blocks)
    small = Image.new("RGB", (-(-width // across), -(-height // down)))
    rows = max(1, _BAND_PIXELS // (width * down)) * down
    for top in range(0, height, rows):
        band = flattener.band((0, top, width, min(top + rows, height)))
        small.paste(band.reduce(blocks), (0, top // down))
    return small


def _needed(image: "Image.Image", box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels of the source that a resize of `box` reads: the filter reaches past the box."""
    reach_x = math.ceil(2 * max(1.0, (box[2] - box[0]) / size[0])) + 1  # bicubic: two target pixels
    reach_y = math.ceil(2 * max(1.0, (box[3] - box[1]) / size[1])) + 1
    return (
        max(0, math.floor(box[0]) - reach_x),
        max(0, math.floor(box[1]) - reach_y),
        min(image.width, math.ceil(box[2]) + reach_x),
        min(image.height, math.ceil(box[3]) + reach_y),
    )


def _resample_in_bands(
    flattener: Flattener,
    area: tuple[int, int, int, int],
    box: Box,
    size: tuple[int, int],
    resample: "Image.Resampling",
) -> "Image.Image":
    """Rows are made RGB and narrowed band by band, then all of them shortened: Pillow's own two passes."""
    from PIL import Image

    left, upper, right, lower = area
    rows = max(1, _BAND_PIXELS // (right - left))
    narrow = Image.new("RGB", (size[0], lower - upper))
    for top in range(upper, lower, rows):
        bottom = min(top + rows, lower)
        band = flattener.band((left, top, right, bottom))
        sideways = (box[0] - left, 0.0, box[2] - left, float(bottom - top))
        narrow.paste(band.resize((size[0], bottom - top), resample, sideways), (0, top - upper))
    return narrow.resize(size, resample, (0.0, box[1] - upper, float(size[0]), box[3] - upper))
