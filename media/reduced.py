"""JPEGs decoded at a half, a quarter or an eighth of their size, where a model looks at less than that anyway.

docs/decisions/0003-reduced-scale-jpeg.md says how the factor was chosen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.models import Preprocess
from media.fit import orientation_of, pixels_per_pixel, shown_size

if TYPE_CHECKING:
    from PIL import ImageFile

# The decoded picture keeps at least this many pixels for each pixel a model gets, along each side. A part of
# core.policy.DECODE_POLICY: another factor makes other vectors.
KEEP_FACTOR = 2.0
_REDUCIBLE = frozenset({"JPEG", "MPO"})
_HASH_SIDE_KEPT = 64  # pixels a side that the perceptual hash wants to see, where no model asks for more


def decode_reduced(
    image: "ImageFile.ImageFile", targets: Sequence[Preprocess], *, small_side: int | None = None
) -> int:
    """Sets a JPEG that is opened and not loaded to the smallest scale that serves all targets, and returns it.

    1, 2, 4 or 8: the sides become a half, a quarter, an eighth, rounded up. Other formats are left as they are.
    Only where there are no targets, a small picture with a longer side of `small_side` pixels is served: what a model
    sees never depends on what else is wanted.
    """
    if image.format not in _REDUCIBLE:
        return 1
    scale = _scale(image.size, targets, orientation_of(image))
    if small_side is not None and not targets:
        scale = min(scale, _side_scale(image.size, small_side))
    return set_scale(image, scale)


def decode_reduced_to_side(image: "ImageFile.ImageFile", max_side: int) -> int:
    """Like `decode_reduced`, for a preview whose longer side is `max_side` pixels."""
    if image.format not in _REDUCIBLE:
        return 1
    return set_scale(image, _side_scale(image.size, max_side))


def set_scale(image: "ImageFile.ImageFile", scale: int) -> int:
    """Sets an opened JPEG to be decoded at 1/scale, and returns the scale that its decoder takes."""
    if scale == 1:
        return 1
    full_width = image.width
    drafted = image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    return 1 if drafted is None else round(full_width / drafted[1][2])


def _side_scale(size: tuple[int, int], max_side: int) -> int:
    """1, 2, 4 or 8."""
    spare = max(size) / max_side
    return next((scale for scale in (8, 4, 2) if spare >= scale), 1)


def _scale(size: tuple[int, int], targets: Sequence[Preprocess], orientation: int) -> int:
    """1, 2, 4 or 8."""
    width, height = shown_size(size, orientation)
    spare = min(width, height) / _HASH_SIDE_KEPT
    for target in targets:
        spare = min(spare, pixels_per_pixel((width, height), target) / KEEP_FACTOR)
    return next((scale for scale in (8, 4, 2) if spare >= scale), 1)
