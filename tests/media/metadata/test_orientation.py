"""The turn that decoded pixels still need, in every format; and that reading it decodes nothing."""

import io
import struct
import zlib

import pillow_heif
import pytest
from PIL import Image

from media.metadata.exif import read_exif
from tests.media.metadata.making import exif_block, short, text

MODEL, ORIENTATION = 0x0110, 0x0112


def striped() -> Image.Image:
    """A picture that no turn or mirroring maps to itself."""
    image = Image.new("RGB", (64, 32), "white")
    image.paste((200, 30, 30), (0, 0, 32, 16))
    image.paste((30, 30, 200), (32, 0, 64, 16))
    return image


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
UNDO = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_the_orientation_read_is_the_turn_the_decoded_pixels_still_need(file_format: str, orientation: int) -> None:
    pillow_heif.register_heif_opener()
    upright = striped()
    stored = upright if orientation == 1 else upright.transpose(UNDO.get(orientation, TURNS[orientation]))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    stored.save(buffer, file_format, exif=exif.tobytes(), quality=95)
    with Image.open(buffer) as image:
        left, _ = read_exif(image)
        pixels = image.convert("RGB")
    shown = pixels if left == 1 else pixels.transpose(TURNS[left])
    assert shown.size == upright.size
    for centre in ((16, 8), (48, 8), (16, 24), (48, 24)):
        assert shown.getpixel(centre) == pytest.approx(upright.getpixel(centre), abs=25)


def test_a_png_is_not_decoded_to_find_its_exif() -> None:
    buffer = io.BytesIO()
    striped().save(buffer, "PNG")
    with Image.open(buffer) as image:
        orientation, _ = read_exif(image)
        assert orientation == 1
        assert image.tile, "a loaded image has no tiles left"


def test_what_a_png_keeps_behind_its_pixels_is_seen_once_it_is_loaded() -> None:
    buffer = io.BytesIO()
    striped().save(buffer, "PNG")
    head, end = buffer.getvalue()[:-12], buffer.getvalue()[-12:]
    body = b"eXIf" + exif_block([short(ORIENTATION, 3), text(MODEL, "X100")]).removeprefix(b"Exif\0\0")
    chunk = struct.pack(">L", len(body) - 4) + body + struct.pack(">L", zlib.crc32(body))
    for load, expected in ((False, (1, None)), (True, (3, "X100"))):
        with Image.open(io.BytesIO(head + chunk + end)) as image:
            if load:
                image.load()
            orientation, found = read_exif(image)
        assert (orientation, found.camera) == expected


@pytest.mark.parametrize(("file_format", "expected"), [("HEIF", 1), ("TIFF", 1), ("AVIF", 6), ("JPEG", 6)])
def test_what_the_decoder_turns_is_not_turned_again(file_format: str, expected: int) -> None:
    image = striped()
    image.format = file_format
    image.info["exif"] = exif_block([short(ORIENTATION, 6)])
    assert read_exif(image)[0] == expected
