"""JPEGs decoded at a half, a quarter or an eighth of their size, where a model looks at less than that anyway.

docs/decisions/0003-reduced-scale-jpeg.md says how the factor was chosen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.models import Preprocess
from media.fit import shown_size
from media.geometry import place

if TYPE_CHECKING:
    from PIL import ImageFile

# The decoded picture keeps at least this many pixels for each pixel a model gets, along each side. A part of
# core.policy.DECODE_POLICY: another factor makes other vectors.
KEEP_FACTOR = 2.0
_HASH_SIDE_KEPT = 64  # pixels a side that the perceptual hash wants to see, where no model asks for more


def decode_reduced(image: "ImageFile.ImageFile", targets: Sequence[Preprocess], *, orientation: int) -> None:
    """Sets a JPEG that is opened and not loaded to the smallest scale that serves all targets.

    Other formats are left as they are.
    """
    if image.format not in {"JPEG", "MPO"}:
        return
    scale = _scale(image.size, targets, orientation)
    if scale > 1:
        image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))


def _scale(size: tuple[int, int], targets: Sequence[Preprocess], orientation: int) -> int:
    """1, 2, 4 or 8."""
    width, height = shown_size(size, orientation)
    spare = min(width, height) / _HASH_SIDE_KEPT
    for target in targets:
        placed = place(width, height, target)
        across = (placed.box[2] - placed.box[0]) / placed.width
        down = (placed.box[3] - placed.box[1]) / placed.height
        spare = min(spare, across / KEEP_FACTOR, down / KEEP_FACTOR)
    return next((scale for scale in (8, 4, 2) if spare >= scale), 1)
