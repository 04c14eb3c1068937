"""What a picture may cost is decided before it costs anything."""

import io
import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from PIL import Image, JpegImagePlugin, WebPImagePlugin

from core.errors import PictureProblem, ProblemKind
from core.models import Preprocess
from media.decode import decode_picture
from media.limits import DecodeLimits, check_memory

TARGET = Preprocess(height=32, width=32)
LITTLE = 4_000_000  # bytes that reading a header may take


def png_claiming(width: int, height: int, *, packed: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = packed or zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def bmp_claiming(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 57, 0, 0, 54) + header + b"\0\0\0"


def tiff_claiming(width: int, height: int) -> bytes:
    small = io.BytesIO()
    Image.new("RGB", (4, 4)).save(small, "TIFF")
    raw = bytearray(small.getvalue())
    (offset,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, offset)
    for entry in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from("<HH", raw, entry)
        if tag in {256, 257}:
            struct.pack_into("<HHII", raw, entry, tag, 4, 1, width if tag == 256 else height)
        if tag == 278:  # rows per strip
            struct.pack_into("<HHII", raw, entry, tag, 4, 1, height)
        del kind
    return bytes(raw)


CLAIMS = {
    "bmp.bmp": (bmp_claiming(3_158_064, 48), ProblemKind.TRUNCATED),
    "big.bmp": (bmp_claiming(20_000, 20_000), ProblemKind.TOO_LARGE),
    "plain.ppm": (b"P3 9000 9000 255\n1 2 3", ProblemKind.TRUNCATED),
    "raw.ppm": (b"P6 9000 9000 255\n123", ProblemKind.TRUNCATED),
    "wide.pgm": (b"P5 9000 9000 65535\n123", ProblemKind.TRUNCATED),
    "bits.pbm": (b"P4 9000 9000\n123", ProblemKind.TRUNCATED),
    "raw.tif": (tiff_claiming(9000, 9000), ProblemKind.TRUNCATED),
    "packed.png": (png_claiming(9000, 9000), ProblemKind.TOO_LARGE),
    "over.png": (png_claiming(60_000, 60_000), ProblemKind.TOO_LARGE),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_costs_nothing(name: str, tmp_path: Path) -> None:
    content, kind = CLAIMS[name]
    file = tmp_path / name
    file.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(PictureProblem) as caught:
            decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits())
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()
    assert caught.value.kind is kind, caught.value.reason


def test_the_reason_says_what_was_claimed(tmp_path: Path) -> None:
    file = tmp_path / "claim.png"
    file.write_bytes(png_claiming(9000, 9000))
    with pytest.raises(PictureProblem, match=r"claims 81 megapixels in \d+ bytes"):
        decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits())


def test_max_megapixels_is_a_choice(tmp_path: Path) -> None:
    file = tmp_path / "two.png"
    Image.new("RGB", (2000, 1001), "red").save(file)
    with pytest.raises(PictureProblem, match="more than 2 megapixels") as caught:
        decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits(max_megapixels=2))
    assert caught.value.kind is ProblemKind.TOO_LARGE
    picture = decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits(max_megapixels=3))
    assert picture is not None
    assert (picture.facts.width, picture.facts.height) == (2000, 1001)


def test_an_honest_plain_picture_is_not_suspect(tmp_path: Path) -> None:
    """A blank scan: 35 megapixels of white in 17 kB of one-bit PNG."""
    file = tmp_path / "blank.png"
    Image.new("1", (5000, 7000), 1).save(file)
    assert file.stat().st_size * 1000 < 5000 * 7000  # fewer bytes than a coloured picture of this size may have
    picture = decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits())
    assert picture is not None
    assert picture.pixels[0].min() == 255


@pytest.mark.parametrize(
    ("mode", "suffix"), [("1", ".bmp"), ("P", ".bmp"), ("RGB", ".bmp"), ("1", ".tif"), ("L", ".pgm")]
)
def test_whole_uncompressed_files_pass(mode: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"whole{suffix}"
    Image.new(mode, (333, 77)).save(file)
    assert decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits()) is not None


@pytest.mark.parametrize(("subsampling", "allowed"), [("4:2:0", True), ("4:4:4", False)])
def test_coefficients_of_progressive_jpegs_count(subsampling: str, allowed: bool) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG", progressive=True, subsampling=subsampling)
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(out.getvalue()))
    needed = {"4:2:0": 3, "4:4:4": 6}[subsampling] * 14_000 * 14_000
    if allowed:
        assert (
            needed
            <= check_memory(image, format_name="jpeg", full_size=(14_000, 14_000), limits=DecodeLimits())
            < 1.1 * needed
        )
        return
    with pytest.raises(PictureProblem, match=r"takes \d+ MB to decode, \d+ are allowed") as caught:
        check_memory(image, format_name="jpeg", full_size=(14_000, 14_000), limits=DecodeLimits())
    assert caught.value.kind is ProblemKind.TOO_LARGE


def test_what_a_decoder_needs_beside_the_pixels_counts(tmp_path: Path) -> None:
    """20 megapixels of WebP take 320 MB; of PNG, 80."""
    for suffix, fits in ((".webp", False), (".png", True)):
        file = tmp_path / f"plain{suffix}"
        Image.new("RGB", (5000, 4000), "red").save(file, **({"method": 0} if suffix == ".webp" else {}))
        with Image.open(file) as image:
            assert isinstance(image, WebPImagePlugin.WebPImageFile) is not fits
            needed = check_memory(
                image, format_name=suffix[1:], full_size=image.size, limits=DecodeLimits(max_megapixels=20)
            )
        assert needed == (80_000_000 if fits else 320_000_000)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"", ProblemKind.NOT_A_PICTURE),  # a disk image without an extension, say
        (b"8BPS", ProblemKind.UNSUPPORTED),
        (b"\xff\xd8\xff\xe0", ProblemKind.TOO_LARGE),
    ],
)
def test_a_huge_file_is_not_read_to_its_end(start: bytes, kind: ProblemKind, tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:  # sparse: it takes no room
        file.write(start)
        file.truncate(64 << 30)
    started = time.perf_counter()
    with pytest.raises(PictureProblem) as caught:
        decode_picture(os.fsencode(huge), targets=(), limits=DecodeLimits())
    assert time.perf_counter() - started < 5  # 64 GB take a minute at the least
    assert caught.value.kind is kind


def test_how_long_a_file_may_be_grows_with_the_pictures() -> None:
    assert DecodeLimits().file_bytes == 4 << 30
    assert DecodeLimits(max_megapixels=1000).file_bytes == 16_000_000_000
