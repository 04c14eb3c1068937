"""Blocks of pixels are averaged where a model sees far fewer, and it sees the same."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.models import Preprocess
from media import DecodeLimits, decode_picture
from media.fit import KEPT, Raster, fit_raster, pixels_per_pixel, thinned
from media.phash import HASH_KEPT_SIDE

TARGET = Preprocess(height=16, width=16)


def sharp(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Edges of every width in every direction."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    waves = [np.sin((x * a + y * b) ** 1.2 / 40) for a, b in ((1, 0.2), (0.1, 1), (0.7, 0.7))]
    return Image.fromarray((127 + 127 * np.stack(waves, axis=2)).astype(np.uint8)).convert(mode)


@pytest.mark.parametrize(
    ("size", "block"),
    [((95, 225), 1), ((96, 225), 2), ((225, 16 * 9), 3), ((16 * 30, 16 * 30), 10)],
)
def test_enough_pixels_are_kept(size: tuple[int, int], block: int) -> None:
    raster = Raster(sharp(*size))
    small = thinned(raster, [TARGET], least_side=8)
    assert small.scale == block
    assert small.image.size == (-(-size[0] // block), -(-size[1] // block))
    assert pixels_per_pixel(small.size, TARGET) / small.scale >= KEPT or block == 1
    assert small.size == raster.size


def test_the_most_demanding_reader_decides() -> None:
    raster = Raster(sharp(300, 300))
    assert thinned(raster, [TARGET, Preprocess(height=50, width=50)], least_side=8).scale == 2
    assert thinned(raster, [TARGET], least_side=100).scale == 3
    assert thinned(raster, [], least_side=300) is raster


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK", "P", "I;16"])
@pytest.mark.parametrize(("size", "orientation"), [((259, 195), 1), ((195, 259), 6), ((257, 401), 3)])
def test_a_model_sees_the_same(mode: str, size: tuple[int, int], orientation: int) -> None:
    """Also at the right and lower edge, where the last block stands for fewer pixels."""
    whole = Raster(sharp(*size, "I" if mode == "I;16" else mode), orientation)
    few = thinned(whole, [TARGET], least_side=8)
    assert few.scale > 1
    assert few.image.mode == "RGB"
    difference = np.abs(fit_raster(few, TARGET).astype(int) - fit_raster(whole, TARGET).astype(int))
    assert difference.mean() < 1.0
    assert difference.max() < 24


def test_real_photos_change_by_less_than_a_level(test_data: Path) -> None:
    target = Preprocess(height=48, width=48)
    for file in sorted((test_data / "photos").iterdir())[::20]:
        with Image.open(file) as image:
            whole = Raster(image.convert("RGB"))
        if min(whole.size) < 2 * KEPT * 48:
            continue
        few = thinned(whole, [target], least_side=8)
        assert few.scale >= 2
        difference = np.abs(fit_raster(few, target).astype(int) - fit_raster(whole, target).astype(int))
        assert difference.mean() < 0.6, file.name
        assert difference.max() <= 12, file.name


@pytest.mark.parametrize("name", ["PNG", "WEBP", "BMP", "TIFF"])
def test_a_large_file_of_any_format_gives_nearly_the_pixels_of_its_whole(name: str, tmp_path: Path) -> None:
    picture = sharp(500, 370)
    file = tmp_path / "large"
    out = io.BytesIO()
    picture.save(out, name, **({"lossless": True} if name == "WEBP" else {}))
    file.write_bytes(out.getvalue())
    decoded = decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits())
    assert decoded is not None
    assert (decoded.facts.width, decoded.facts.height) == (500, 370)
    expected = fit_raster(Raster(picture), TARGET).astype(int)
    assert np.abs(decoded.pixels[0].astype(int) - expected).mean() < 1.0


def test_the_perceptual_hash_keeps_its_pixels() -> None:
    assert min(thinned(Raster(sharp(500, 250)), (), least_side=HASH_KEPT_SIDE).image.size) >= HASH_KEPT_SIDE
