"""Every mode comes out as a person would see it."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.arrays import Pixels
from core.models import Preprocess
from media import colours, fit
from media.decode import decode_picture
from media.fit import Raster, fit_pixels, fit_raster
from media.limits import DecodeLimits
from media.previews import load_rgb

SQUARE = Preprocess(height=8, width=8)
LIMITS = DecodeLimits()


def seen(image: Image.Image) -> list[int]:
    """The middle pixel of an image fitted to 8 × 8."""
    return [int(level) for level in fit_pixels(image, SQUARE)[4, 4]]


def saved(image: Image.Image, file: Path, **options: object) -> Pixels:
    image.save(file, **options)  # type: ignore[arg-type]
    return load_rgb(bytes(file), max_side=None, limits=LIMITS)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGB", (10, 200, 30), [10, 200, 30]),
        ("L", 77, [77, 77, 77]),
        ("1", 1, [255, 255, 255]),
        ("RGBA", (200, 0, 0, 0), [255, 255, 255]),
        ("RGBA", (200, 0, 0, 255), [200, 0, 0]),
        ("RGBA", (0, 0, 0, 128), [127, 127, 127]),
        ("LA", (0, 0), [255, 255, 255]),
        ("LA", (0, 128), [127, 127, 127]),
        ("CMYK", (0, 255, 255, 0), [255, 0, 0]),
        ("CMYK", (0, 0, 0, 255), [0, 0, 0]),
        ("YCbCr", (128, 128, 128), [128, 128, 128]),
        ("HSV", (0, 255, 255), [255, 0, 0]),
        ("RGBX", (1, 2, 3, 0), [1, 2, 3]),
        ("RGBa", (0, 0, 0, 0), [255, 255, 255]),
        ("I;16", 65535, [255, 255, 255]),
        ("I;16", 32896, [128, 128, 128]),
        ("I;16B", 32896, [128, 128, 128]),
        ("F", 0.5, [128, 128, 128]),
        ("F", 100.0, [100, 100, 100]),
        ("I", 200, [200, 200, 200]),
        ("I", 32896, [128, 128, 128]),
    ],
)
def test_modes(mode: str, colour: float | tuple[int, ...], expected: list[int]) -> None:
    assert seen(Image.new(mode, (20, 20), colour)) == pytest.approx(expected, abs=1)


def test_wide_ranges_are_stretched_not_clipped() -> None:
    ramp = np.tile(np.linspace(-1e6, 3e6, 64, dtype=np.float32), (64, 1))
    fitted = fit_pixels(Image.fromarray(ramp), Preprocess(height=64, width=64))
    assert fitted[0, 0, 0] == 0
    assert fitted[0, -1, 0] == 255
    assert np.diff(fitted[0, :, 0].astype(int)).min() >= 3


def test_not_a_number_is_black_and_spoils_nothing() -> None:
    values = np.full((16, 16), 0.5, np.float32)
    values[0, 0], values[0, 1], values[15, 15] = np.nan, np.inf, 1.0
    fitted = fit_pixels(Image.fromarray(values), Preprocess(height=16, width=16))
    assert fitted[8, 8].tolist() == [128, 128, 128]
    assert fitted[0, 0].tolist() == [0, 0, 0]


def test_palettes_are_colours_before_they_are_resized(tmp_path: Path) -> None:
    """Resized as indices, neighbours of a palette would mix to colours that are nowhere in the picture."""
    indices = np.zeros((64, 64), np.uint8)
    indices[:, 32:] = 255
    image = Image.fromarray(indices).convert("P")
    image.putpalette([255, 0, 0] + [0, 255, 0] * 254 + [0, 0, 255])
    fitted = fit_pixels(image, SQUARE)
    assert fitted[4, 0].tolist() == [255, 0, 0]
    assert fitted[4, 7].tolist() == [0, 0, 255]
    assert fitted[:, :, 1].max() < 12


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_is_white(mode: str, tmp_path: Path) -> None:
    image = Image.new(mode, (16, 16), {"P": 3, "L": 50, "RGB": (9, 8, 7)}[mode])
    if mode == "P":
        image.putpalette([10, 20, 30] * 256)
    key = {"P": 3, "L": 50, "RGB": (9, 8, 7)}[mode]
    assert saved(image, tmp_path / "keyed.png", transparency=key)[8, 8].tolist() == [255, 255, 255]


@pytest.mark.parametrize("suffix", [".tif", ".png", ".pgm"])
def test_sixteen_bit_files(suffix: str, tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (32, 1))
    levels = saved(Image.fromarray(ramp), tmp_path / f"ramp{suffix}")[16, :, 0]
    assert np.abs(levels.astype(int) - np.arange(256)).max() <= 1


def test_big_endian_sixteen_bits(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(">u2"), (32, 1))
    image = Image.frombytes("I;16B", (256, 32), ramp.tobytes())
    levels = saved(image, tmp_path / "ramp.tif")[16, :, 0]
    assert np.abs(levels.astype(int) - np.arange(256)).max() <= 1


def test_lab(tmp_path: Path) -> None:
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.new("RGB", (16, 16), (200, 100, 50)), to_lab)
    assert lab is not None
    shown = saved(lab, tmp_path / "lab.tif")[8, 8]
    assert shown.tolist() == pytest.approx([200, 100, 50], abs=4)


def test_cmyk_jpegs_of_both_kinds(tmp_path: Path) -> None:
    """Adobe writes the inks inverted, and marks the file; Pillow writes what it reads."""
    red = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    assert saved(red, tmp_path / "red.jpg", quality=95)[16, 16].tolist() == pytest.approx([255, 0, 0], abs=6)


def test_a_real_adobe_cmyk_file(test_data: Path) -> None:
    """Pillow's own sample: red in the upper left corner, black in the opposite one."""
    file = test_data / "hostile" / "pillow" / "Tests__images__pil_sample_cmyk.jpg"
    rgb = load_rgb(bytes(file), max_side=None, limits=LIMITS)
    assert rgb[0, 0].tolist() == pytest.approx([255, 13, 25], abs=8)
    assert rgb[-1, -1].max() < 10


def test_cmyk_of_jpeg_and_tiff_agree(test_data: Path) -> None:
    """The same photo as CMYK in a striped and in a tiled TIFF."""
    folder = test_data / "hostile" / "pillow"
    striped, tiled = (
        load_rgb(bytes(folder / f"Tests__images__tiff_{kind}_cmyk_jpeg.tif"), max_side=64, limits=LIMITS)
        for kind in ("strip", "tiled")
    )
    assert np.abs(striped.astype(int) - tiled.astype(int)).mean() < 6


def test_bands_are_the_same_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    rgba = Image.fromarray(rng.integers(0, 256, (301, 407, 4), np.uint8))
    wide = Image.fromarray(rng.integers(0, 65536, (301, 407), np.uint16))
    for image in (rgba, wide):
        for orientation in (1, 6):
            whole = fit_raster(Raster(image, orientation), Preprocess(height=50, width=50))
            with monkeypatch.context() as patch:
                patch.setattr(fit, "_BAND_PIXELS", 407 * 7)
                bands = fit_raster(Raster(image, orientation), Preprocess(height=50, width=50))
            assert np.abs(whole.astype(int) - bands.astype(int)).max() <= 1


def test_the_range_is_that_of_the_whole_picture() -> None:
    values = np.zeros((100, 10), np.float32)
    values[99] = 1000.0
    flattener = colours.Flattener(Image.fromarray(values))
    top, bottom = flattener.band((0, 0, 10, 50)), flattener.band((0, 50, 10, 100))
    assert np.asarray(top).max() == 0
    assert np.asarray(bottom).max() == 255


def test_first_frame_and_first_page(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    for suffix in (".gif", ".png", ".webp", ".tif", ".avif"):
        file = tmp_path / f"two{suffix}"
        frames[0].save(file, save_all=True, append_images=frames[1:])
        picture = decode_picture(bytes(file), targets=[SQUARE], limits=LIMITS)
        assert picture is not None, suffix
        assert picture.pixels[0][4, 4].tolist() == pytest.approx([255, 0, 0], abs=12), suffix


def test_heif_reads_alpha(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(out, "HEIF", quality=-1)
    (tmp_path / "clear.heic").write_bytes(out.getvalue())
    assert load_rgb(bytes(tmp_path / "clear.heic"), max_side=None, limits=LIMITS)[32, 32].min() >= 250
