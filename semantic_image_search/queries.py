"""Pictures handed in by a caller (a path, a PIL image, an array), made ready for an encoder or a lookup."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.errors import UsageError
from core.models import Preprocess
from core.paths import absolute, display

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from core.arrays import Pixels
    from core.pictures import DecodedPicture
    from core.queries import Page
    from searcher.request import LookupRequest
    from semantic_image_search.pictures import HandedPicture

PictureLike: TypeAlias = "str | bytes | os.PathLike[str] | Image | Pixels | HandedPicture"
"""A path, a PIL image, uint8 (height, width, 3) RGB, or one that worker processes decode."""


def fitted(picture: PictureLike, preprocess: Preprocess) -> Pixels:
    """The picture fitted to an encoder, uint8 (height, width, 3) RGB.

    Raises:
        PictureProblem: the file cannot be read as a picture.
        UsageError: neither a path nor a picture.
    """
    from media import DecodeLimits, decode_picture, fit_array, fit_pixels
    from semantic_image_search.pictures import HandedPicture

    if isinstance(picture, HandedPicture):
        return picture.decoded((preprocess,)).pixels[0]
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


def lookup_request(picture: PictureLike, preprocess: Preprocess | None, page: Page) -> LookupRequest:
    """All that a lookup needs to know of a picture.

    Args:
        picture: the picture looked up.
        preprocess: how the encoder wants it; None where there is no encoder.
        page: what is wanted of the answer.

    Raises:
        PictureProblem: the file cannot be read as a picture.
        UsageError: neither a path nor a picture.
    """
    from media import COMPARE_SIDE
    from searcher.request import LookupRequest
    from semantic_image_search.pictures import HandedPicture

    if isinstance(picture, HandedPicture):
        targets = () if preprocess is None else (preprocess,)
        return _decoded_request(picture.decoded(targets, small_side=COMPARE_SIDE), picture.source.path, page)
    if isinstance(picture, str | bytes | os.PathLike):
        return _file_request(absolute(picture), preprocess, page)
    width, height = _size_of(picture)
    scale = min(1.0, COMPARE_SIDE / max(width, height))
    small = Preprocess(height=max(1, round(height * scale)), width=max(1, round(width * scale)), resize="squash")
    return LookupRequest(
        pixels=None if preprocess is None else fitted(picture, preprocess),
        rgb=fitted(picture, small),
        size=(width, height),
        name="a picture",
        page=page,
    )


def _file_request(path: bytes, preprocess: Preprocess | None, page: Page) -> LookupRequest:
    from media import COMPARE_SIDE, DecodeLimits, decode_picture

    targets = () if preprocess is None else (preprocess,)
    decoded = decode_picture(path, targets=targets, limits=DecodeLimits(), small_side=COMPARE_SIDE)
    if decoded is None:  # only where a known hash was given
        raise UsageError(f"{display(path)} could not be compared with itself")
    return _decoded_request(decoded, path, page)


def _decoded_request(decoded: DecodedPicture, path: bytes, page: Page) -> LookupRequest:
    """Of a picture that was decoded whole; `path` is empty where it is no file."""
    from searcher.request import LookupRequest

    if decoded.small is None:
        raise UsageError("a picture that is looked up is decoded with its small form: report this as a bug")
    return LookupRequest(
        pixels=decoded.pixels[0] if decoded.pixels else None,
        rgb=decoded.small,
        size=(decoded.facts.width, decoded.facts.height),
        content_hash=decoded.content_hash,
        phash=decoded.facts.phash,
        path=path or None,
        name=display(path) if path else "a picture",
        page=page,
    )


def _size_of(picture: Image | Pixels) -> tuple[int, int]:
    """(width, height) as shown."""
    if isinstance(picture, np.ndarray):
        return picture.shape[1], picture.shape[0]
    if not hasattr(picture, "convert"):
        raise UsageError(f"expected a path, a PIL image or a uint8 array, got {type(picture).__name__}")
    from media import orientation_of, shown_size

    return shown_size(picture.size, orientation_of(picture))
