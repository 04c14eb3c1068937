"""Pictures handed in by a caller (a path, a PIL image, an array), made ready for an encoder or a lookup."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.arrays import Pixels
from core.errors import UsageError
from core.models import Preprocess
from core.paths import absolute

if TYPE_CHECKING:
    from PIL.Image import Image

PictureLike: TypeAlias = "str | bytes | os.PathLike[str] | Image | Pixels"
"""A path, a PIL image, or uint8 (height, width, 3) RGB."""


def is_path(picture: PictureLike) -> bool:
    """True where the picture is named by its path."""
    return isinstance(picture, str | bytes | os.PathLike)


def fitted(picture: PictureLike, preprocess: Preprocess) -> Pixels:
    """The picture fitted to an encoder, uint8 (height, width, 3) RGB.

    Raises:
        PictureProblem: the file cannot be read as a picture.
        UsageError: neither a path nor a picture.
    """
    from media import DecodeLimits, decode_picture, fit_array, fit_pixels

    if isinstance(picture, str | bytes | os.PathLike):
        decoded = decode_picture(absolute(picture), targets=(preprocess,), limits=DecodeLimits())
        if decoded is None:  # only where a known hash was given
            raise UsageError(f"{picture!r} could not be compared with itself")
        return decoded.pixels[0]
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise UsageError(f"expected uint8 (height, width, 3), got {picture.dtype} {picture.shape}")
        return fit_array(picture, preprocess)
    if hasattr(picture, "convert"):
        return fit_pixels(picture, preprocess)
    raise UsageError(f"expected a path, a PIL image or a uint8 array, got {type(picture).__name__}")


def fitted_all(pictures: Sequence[PictureLike], preprocess: Preprocess) -> Pixels:
    """Many pictures as one batch, uint8 (n, height, width, 3)."""
    if not pictures:
        return np.empty((0, preprocess.height, preprocess.width, 3), np.uint8)
    return np.stack([fitted(picture, preprocess) for picture in pictures])
