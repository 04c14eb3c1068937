"""Pictures drawn small: their sides, their colours, and nothing of their metadata."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import PictureProblem, ProblemKind
from media import AskedPicture, DecodeLimits, Drawing, Drawn
from media.decode import Hooks
from media.making import make

LIMITS = DecodeLimits()


def drawn(data: bytes, side: int) -> tuple[Drawn, Image.Image]:
    made = make(AskedPicture(data=data), Drawing(side, 80), limits=LIMITS, hooks=Hooks())
    assert isinstance(made, Drawn)
    with Image.open(io.BytesIO(made.webp)) as image:
        assert image.format == "WEBP"
        assert not {"exif", "xmp", "icc_profile"} & image.info.keys()
        return made, image.convert("RGB")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("size", "side", "shown"),
    [
        ((800, 600), 256, (256, 192)),
        ((600, 800), 128, (96, 128)),
        ((100, 50), 256, (100, 50)),  # never larger than it is
        ((3000, 2), 128, (128, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_longer_side_is_as_wanted(size: tuple[int, int], side: int, shown: tuple[int, int], kind: str) -> None:
    made, image = drawn(saved(Image.new("RGB", size, (10, 200, 30)), kind), side)
    assert (made.width, made.height) == size
    assert image.size == shown


def test_a_jpeg_a_little_smaller_than_twice_the_side_is_decoded_at_half() -> None:
    _, image = drawn(saved(Image.new("RGB", (4000, 3000)), "JPEG"), 2048)
    assert image.size == (2000, 1500)


def test_it_is_shown_upright() -> None:
    picture = Image.new("RGB", (200, 100), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # the stored left is the shown top
    made, image = drawn(saved(picture, "JPEG", exif=exif, quality=95), 128)
    assert (made.width, made.height, image.size) == (100, 200, (64, 128))
    assert np.asarray(image)[10, 32].argmax() == 2
    assert np.asarray(image)[118, 32].argmax() == 0


def test_colours_are_those_that_the_profile_means(test_data: Path) -> None:
    """The same numbers in a profile that swaps red and green are other colours."""
    grey = saved(Image.new("RGB", (64, 64), (200, 60, 60)), "PNG")
    assert np.allclose(np.asarray(drawn(grey, 128)[1])[32, 32], (200, 60, 60), atol=6)
    wide = (test_data / "hostile").rglob("*prophoto.png")
    data = next(iter(wide)).read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        want = ImageCms.profileToProfile(image.convert("RGB"), profile, ImageCms.createProfile("sRGB"))
    assert want is not None
    got = np.asarray(drawn(data, 128)[1], float).mean((0, 1))
    assert np.allclose(got, np.asarray(want.resize((128, 128)), float).mean((0, 1)), atol=8)


def test_a_damaged_profile_is_passed_over() -> None:
    profile = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:200].replace(b"sRGB", b"none")
    )
    data = saved(Image.new("RGB", (64, 64), (200, 60, 60)), "PNG", icc_profile=bytes(profile))
    assert np.allclose(np.asarray(drawn(data, 128)[1])[32, 32], (200, 60, 60), atol=6)


def test_what_is_transparent_lies_on_white() -> None:
    _, image = drawn(saved(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG"), 128)
    assert image.getpixel((32, 32)) == (255, 255, 255)


def test_other_bytes_than_expected_are_not_drawn() -> None:
    data = saved(Image.new("RGB", (64, 64)), "PNG")
    with pytest.raises(PictureProblem) as caught:
        make(AskedPicture(data=data, content_hash=bytes(32)), Drawing(128, 80), limits=LIMITS, hooks=Hooks())
    assert caught.value.kind is ProblemKind.CHANGED_WHILE_READING
