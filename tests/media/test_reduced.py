"""A JPEG decoded at reduced scale shows the same, in the same place."""

import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from core.models import Preprocess
from media.fit import Raster, fit_raster
from media.reduced import KEEP_FACTOR, decode_reduced, decode_reduced_to_side, set_scale

TARGET = Preprocess(height=64, width=64)


def jpeg(width: int, height: int) -> JpegImagePlugin.JpegImageFile:
    rng = np.random.default_rng(width * height)
    smooth = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    out = io.BytesIO()
    smooth.save(out, "JPEG", quality=92)
    return JpegImagePlugin.JpegImageFile(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((127, 300), 1),
        ((64 * 2 * 2 - 1, 600), 1),
        ((64 * 2 * 2, 600), 2),
        ((600, 64 * 2 * 4), 4),
        ((64 * 2 * 8, 64 * 2 * 8), 8),
        ((64 * 2 * 30, 64 * 2 * 30), 8),
    ],
)
def test_the_scale_keeps_enough_pixels(size: tuple[int, int], scale: int) -> None:
    image = jpeg(*size)
    assert decode_reduced(image, [TARGET]) == scale
    assert min(image.size) >= KEEP_FACTOR * 64 or scale == 1


def test_the_most_demanding_target_decides() -> None:
    assert decode_reduced(jpeg(1100, 1100), [TARGET, Preprocess(height=384, width=384)]) == 1
    assert decode_reduced(jpeg(1100, 1100), []) == 8
    assert decode_reduced(jpeg(100, 100), []) == 1


def test_a_small_picture_never_changes_what_a_model_sees() -> None:
    assert decode_reduced(jpeg(2048, 1500), [], small_side=256) == 8
    assert decode_reduced(jpeg(2047, 1500), [], small_side=256) == 4
    assert decode_reduced(jpeg(2048, 150), [], small_side=256) == 2  # the perceptual hash keeps its pixels
    assert decode_reduced(jpeg(1100, 1100), [TARGET], small_side=256) == 8  # 138 pixels: less than 256


def test_other_formats_are_left_alone() -> None:
    out = io.BytesIO()
    Image.new("RGB", (2000, 2000)).save(out, "PNG")
    with Image.open(out) as image:
        assert decode_reduced(image, [TARGET]) == 1
        assert decode_reduced_to_side(image, 10) == 1
        assert image.size == (2000, 2000)


@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size", [(1031, 777), (1025, 1601), (520, 1033)])
def test_nothing_moves(size: tuple[int, int], resize: str) -> None:
    """The reduced picture is rounded up to whole pixels: fitted as if it were the whole, it would be shifted."""
    target = Preprocess(height=64, width=64, resize=resize)  # type: ignore[arg-type]
    full = jpeg(*size)
    full.load()
    expected = fit_raster(Raster(full), target).astype(int)
    for scale in (2, 4):
        image = jpeg(*size)
        assert set_scale(image, scale) == scale
        image.load()
        fitted = fit_raster(Raster(image, 1, scale, size), target).astype(int)
        assert np.abs(fitted - expected).mean() < 0.6


def test_previews_keep_their_side() -> None:
    image = jpeg(1000, 700)
    assert decode_reduced_to_side(image, 250) == 4
    assert image.size == (250, 175)
