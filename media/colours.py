"""Any Pillow mode to RGB as a person sees it: alpha on white, 16 bits scaled, CMYK and Lab converted.

`Flattener` works on bands of rows, so that a large picture never exists twice. Orientation and size are left to `fit`.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_WIDE_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_UNPREMULTIPLY = {"La": "LA", "RGBa": "RGBA"}
_SIXTEEN_BITS = 65535.0


class Flattener:
    """Makes bands of one loaded image RGB, all of them alike.

    Modes with more than 8 bits a channel are mapped by the range of the whole picture: 16 bits by their full range,
    floats of 0 to 1 or 0 to 255 as such, whatever else from its darkest to its lightest value.
    """

    def __init__(self, image: "Image.Image") -> None:
        self._image = image
        self._range = _value_range(image) if image.mode in _WIDE_MODES else (0.0, 255.0)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) as stored."""
        return self._image.size

    @property
    def is_rgb(self) -> bool:
        """True where the pixels can be used as they are."""
        return self._image.mode == "RGB" and "transparency" not in self._image.info

    def band(self, box: tuple[int, int, int, int]) -> "Image.Image":
        """The pixels of a box (left, upper, right, lower), as RGB."""
        whole = box == (0, 0, *self._image.size)
        if whole and self.is_rgb:
            return self._image
        part = self._image if whole else self._image.crop(box)
        if part.mode in _WIDE_MODES:
            return _scaled(part, *self._range)
        return _eight_bits(part)


def _eight_bits(part: "Image.Image") -> "Image.Image":
    if part.mode in _ALPHA_MODES or "transparency" in part.info:
        return _on_white(part)
    if part.mode == "LAB":
        return _from_lab(part)
    return part if part.mode == "RGB" else part.convert("RGB")


def _on_white(part: "Image.Image") -> "Image.Image":
    from PIL import Image

    straight = part.convert(_UNPREMULTIPLY[part.mode]) if part.mode in _UNPREMULTIPLY else part
    rgba = straight.convert("RGBA")
    white = Image.new("RGB", rgba.size, (255, 255, 255))
    white.paste(rgba.convert("RGB"), mask=rgba.getchannel("A"))
    return white


def _from_lab(part: "Image.Image") -> "Image.Image":
    from PIL import ImageCms

    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    shown = ImageCms.applyTransform(part, transform)
    if shown is None:  # only in place
        raise ValueError("the Lab conversion gave nothing")
    return shown


def _value_range(image: "Image.Image") -> tuple[float, float]:
    """The values shown as black and as white."""
    if image.mode.startswith("I;16"):
        return 0.0, _SIXTEEN_BITS
    low, high = _extremes(image)
    if image.mode == "I" and low >= 0 and high <= _SIXTEEN_BITS:
        return 0.0, 255.0 if high <= 255 else _SIXTEEN_BITS
    if image.mode == "F" and low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high


def _extremes(image: "Image.Image") -> tuple[float, float]:
    """The least and the greatest finite value; a band at a time, since floats need a copy to leave NaN out."""
    low, high = np.inf, -np.inf
    rows = max(1, 4_000_000 // image.width)
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))), np.float64)
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if high >= low else (0.0, 1.0)


def _scaled(part: "Image.Image", low: float, high: float) -> "Image.Image":
    from PIL import Image

    values: NDArray[np.float32] = np.nan_to_num(np.asarray(part, np.float32), nan=low, posinf=high, neginf=low)
    levels = (values - low) * (255.0 / max(high - low, 1e-12))
    grey = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")
