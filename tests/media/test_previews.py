"""Pictures for people: previews, contact sheets, sizes."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind, UsageError
from media.limits import DecodeLimits
from media.previews import contact_sheet, jpeg_of, load_rgb, picture_size, preview_png


@pytest.fixture
def turned(tmp_path: Path) -> Path:
    """Stored 120 × 60, shown 60 × 120: red above, blue below."""
    stored = Image.new("RGB", (120, 60), "red")
    stored.paste((0, 0, 255), (60, 0, 120, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a private note"
    file = tmp_path / "turned.jpg"
    stored.save(file, exif=exif, quality=95)
    return file


def test_pixels_are_as_shown(turned: Path) -> None:
    rgb = load_rgb(bytes(turned), max_side=None)
    assert rgb.shape == (120, 60, 3)
    assert rgb[10, 30].tolist() == pytest.approx([255, 0, 0], abs=4)
    assert rgb[110, 30].tolist() == pytest.approx([0, 0, 255], abs=4)
    assert picture_size(bytes(turned)) == (60, 120)


@pytest.mark.parametrize(
    ("max_side", "shape"), [(40, (40, 20, 3)), (120, (120, 60, 3)), (5000, (120, 60, 3)), (1, (1, 1, 3))]
)
def test_the_longer_side_is_bounded(max_side: int, shape: tuple[int, int, int], turned: Path) -> None:
    assert load_rgb(bytes(turned), max_side=max_side).shape == shape


def test_a_preview_is_a_png_without_metadata(turned: Path) -> None:
    with Image.open(io.BytesIO(preview_png(bytes(turned), max_side=30))) as preview:
        assert (preview.format, preview.size, preview.mode) == ("PNG", (15, 30), "RGB")
        assert not preview.getexif()
        assert "exif" not in preview.info


def test_pixels_become_a_jpeg_without_metadata(turned: Path) -> None:
    pixels = load_rgb(bytes(turned), max_side=None)
    data = {quality: jpeg_of(pixels, quality=quality) for quality in (20, 95)}
    assert len(data[20]) < len(data[95])
    with Image.open(io.BytesIO(data[95])) as saved:
        assert (saved.format, saved.size, dict(saved.getexif())) == ("JPEG", (60, 120), {})
        assert np.abs(np.asarray(saved).astype(int) - pixels).mean() < 1


def test_a_small_preview_of_a_photo_looks_like_it(test_data: Path) -> None:
    path = bytes(test_data / "photos" / "tench.jpg")
    full = load_rgb(path, max_side=None)
    small = load_rgb(path, max_side=60)
    expected = np.asarray(Image.fromarray(full).resize((small.shape[1], small.shape[0]), Image.Resampling.BICUBIC))
    assert np.abs(small.astype(int) - expected.astype(int)).mean() < 3


def test_limits_hold(turned: Path, tmp_path: Path) -> None:
    Image.new("RGB", (2000, 1000)).save(tmp_path / "two.png")
    with pytest.raises(PictureProblem) as caught:
        load_rgb(bytes(tmp_path / "two.png"), max_side=10, limits=DecodeLimits(max_megapixels=1))
    assert caught.value.kind is ProblemKind.TOO_LARGE
    with pytest.raises(PictureProblem):
        picture_size(bytes(tmp_path / "none.png"))


def test_a_contact_sheet(turned: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    out = tmp_path / "sheet.png"
    label = "a very long label\nwith a line end, Ελληνικά, 日本 and \x1b[31m, that does not fit"
    contact_sheet([(bytes(turned), label), (bytes(broken), "b"), (bytes(turned), "c")], out, columns=2, cell=100)
    with Image.open(out) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert pixels.shape == (4 + 2 * 124, 4 + 2 * 104, 3)
    assert pixels[14, 54].tolist() == pytest.approx([255, 0, 0], abs=4)  # the first, upper half
    assert pixels[54, 108 + 50].tolist() == [200, 200, 200]  # the broken one
    assert pixels[128 + 90, 54].tolist() == pytest.approx([0, 0, 255], abs=4)  # the third, lower half
    assert (pixels[104:124, 4:104] < 100).any()  # something is written
    assert (pixels[104:124, 104:108] > 250).all()  # and cut before the next cell


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_contact_sheet_in_other_formats(suffix: str, turned: Path, tmp_path: Path) -> None:
    contact_sheet([(bytes(turned), "a")], tmp_path / f"sheet{suffix}", cell=64)
    assert picture_size(bytes(tmp_path / f"sheet{suffix}")) == (72, 92)


def test_contact_sheets_that_cannot_be(turned: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one"):
        contact_sheet([], tmp_path / "sheet.png")
    with pytest.raises(UsageError, match=r"\.png"):
        contact_sheet([(bytes(turned), "a")], tmp_path / "sheet.txt")
    with pytest.raises(UsageError, match="cannot be written"):
        contact_sheet([(bytes(turned), "a")], tmp_path / "missing" / "sheet.png")
