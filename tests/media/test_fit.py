"""Fitted pixels equal open_clip's own preprocessing, and no shape of picture is too odd."""

import tracemalloc
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core.arrays import Pixels
from core.models import Preprocess
from media.fit import Raster, fit_array, fit_pixels, fit_raster
from media.geometry import place

LEVELS = 2


def as_open_clip(image: Image.Image, preprocess: Preprocess) -> Pixels:
    """uint8 (height, width, 3), from open_clip's transform without its mean and std."""
    import open_clip

    transform = open_clip.image_transform(
        (preprocess.height, preprocess.width),
        is_train=False,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        resize_mode=preprocess.resize,
        interpolation=preprocess.interpolation,
        fill_color=preprocess.fill,
    )
    return np.rint(transform(image).permute(1, 2, 0).numpy() * 255).astype(np.uint8)


PREPROCESSINGS = [
    Preprocess(height=224, width=224),
    Preprocess(height=384, width=384, interpolation="bilinear"),
    Preprocess(height=224, width=224, resize="squash"),
    Preprocess(height=256, width=192, resize="squash"),
    Preprocess(height=224, width=224, resize="longest"),
    Preprocess(height=224, width=224, resize="longest", fill=127),
    Preprocess(height=192, width=256),
]


@pytest.mark.parametrize("preprocess", PREPROCESSINGS, ids=lambda p: f"{p.resize}-{p.width}x{p.height}-{p.fill}")
def test_equals_open_clip_on_photos(preprocess: Preprocess, test_data: Path) -> None:
    for file in sorted((test_data / "photos").iterdir())[::12]:
        with Image.open(file) as image:
            rgb = image.convert("RGB")
        difference = np.abs(fit_pixels(rgb, preprocess).astype(int) - as_open_clip(rgb, preprocess).astype(int))
        assert difference.max() <= LEVELS, file.name


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 700), (700, 3), (224, 224), (225, 224), (223, 500)])
@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
def test_equals_open_clip_on_odd_shapes(size: tuple[int, int], resize: str) -> None:
    rng = np.random.default_rng(1)
    smooth = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    preprocess = Preprocess(height=64, width=64, resize=resize)  # type: ignore[arg-type]
    if resize == "longest" and max(size) / min(size) > 128:
        pytest.skip("open_clip itself fails: the short side becomes 0 pixels")
    difference = np.abs(fit_pixels(smooth, preprocess).astype(int) - as_open_clip(smooth, preprocess).astype(int))
    assert difference.max() <= LEVELS


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3_158_064, 48), (48, 3_158_064)])
@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
def test_extreme_shapes_never_grow(size: tuple[int, int], resize: str) -> None:
    """open_clip would first enlarge 3,158,064 × 48 to 14,737,632 × 224 pixels: 9.9 GB."""
    image = Image.new("L", size, 90)
    preprocess = Preprocess(height=224, width=224, resize=resize)  # type: ignore[arg-type]
    with Memory() as memory:
        fitted = fit_pixels(image, preprocess)
    assert fitted.shape == (224, 224, 3)
    assert fitted[111, 111].tolist() == [90, 90, 90]
    assert memory.grown < 96_000_000, memory.grown  # beside the source


class Memory:
    """How much the peak of this process grew, in bytes; where Linux does not tell, nothing."""

    def __enter__(self) -> Self:
        self.before = self._peak(reset=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.grown = self._peak(reset=False) - self.before

    @staticmethod
    def _peak(*, reset: bool) -> int:
        status = Path("/proc/self/status")
        if not status.exists():
            return 0
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
def test_all_orientations_are_turned_after_resizing(orientation: int, resize: str, test_data: Path) -> None:
    with Image.open(test_data / "photos" / "tench.jpg") as photo:
        stored = photo.convert("RGB").crop((3, 5, 350, 270))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.info["exif"] = exif.tobytes()
    shown = ImageOps.exif_transpose(stored)
    preprocess = Preprocess(height=64, width=64, resize=resize)  # type: ignore[arg-type]
    assert shown is not None
    expected = as_open_clip(shown, preprocess)
    difference = np.abs(fit_raster(Raster(stored, orientation), preprocess).astype(int) - expected.astype(int))
    assert difference.max() <= LEVELS


@given(
    width=st.integers(1, 5000),
    height=st.integers(1, 5000),
    target=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    resize=st.sampled_from(["shortest", "squash", "longest"]),
)
@settings(max_examples=300, deadline=None)
def test_a_placement_lies_inside_the_picture(width: int, height: int, target: tuple[int, int], resize: str) -> None:
    preprocess = Preprocess(height=target[1], width=target[0], resize=resize)  # type: ignore[arg-type]
    placement = place(width, height, preprocess)
    left, upper, right, lower = placement.box
    assert -1e-6 <= left < right <= width + 1e-6
    assert -1e-6 <= upper < lower <= height + 1e-6
    if resize == "shortest":  # covers the model's picture, and is not much larger
        assert placement.left <= 0 <= placement.left + placement.width - preprocess.width
        assert placement.top <= 0 <= placement.top + placement.height - preprocess.height
        assert placement.width * placement.height <= 2.5 * preprocess.width * preprocess.height
    else:
        assert 0 <= placement.left <= preprocess.width - placement.width
        assert 0 <= placement.top <= preprocess.height - placement.height


def test_arrays_are_fitted_alike(test_data: Path) -> None:
    with Image.open(test_data / "photos" / "tench.jpg") as photo:
        rgb = photo.convert("RGB")
    preprocess = Preprocess(height=100, width=100)
    assert np.array_equal(fit_array(np.asarray(rgb), preprocess), fit_pixels(rgb, preprocess))
    assert np.array_equal(
        fit_array(np.asarray(rgb)[:, ::-1], preprocess), fit_array(np.asarray(ImageOps.mirror(rgb)), preprocess)
    )


def test_what_is_fitted_can_be_written_to() -> None:
    tracemalloc.stop()
    fitted = fit_pixels(Image.new("RGB", (30, 30)), Preprocess(height=8, width=8))
    fitted[0, 0, 0] = 1
    assert fitted.dtype == np.uint8
