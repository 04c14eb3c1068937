"""How large a picture may be, decided from its header, before anything is allocated for its pixels.

Knows what Pillow will need for a picture, and what a file of its size can hold. Does not decode.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import PictureProblem, ProblemKind

if TYPE_CHECKING:
    from PIL import ImageFile

MEGA = 1_000_000
_BANDS = {"LA": 2, "PA": 2, "RGB": 3, "LAB": 3, "HSV": 3, "YCbCr": 3, "RGBA": 4, "RGBX": 4, "RGBa": 4, "CMYK": 4}
_BYTES_IN_MEMORY = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # every other mode: 4

# Pillow's decoders of uncompressed pixels; the plain PPM ones take a digit for each.
_STORED = frozenset({"raw", "ppm", "ppm_plain"})

# Deflate, the tightest packer among the formats, shrinks by 1,032 at most: 30 megapixels of one colour leave 3 bytes
# per 1,000 pixels in a PNG. Codecs of photos can go further below on an empty page, never on 120 MB of picture.
_SUSPECT_BYTES = 120 * MEGA
_PIXELS_PER_BYTE = 1000

_FILE_BYTES = 4 << 30  # where BMP, WebP and all but the rarest TIFFs end
_PIXEL_BYTES = 16  # four bands of 32 bits

_PROCESS_BYTES = 512 * MEGA  # Python, numpy, Pillow and the codecs take 160 MB of addresses; the rest is room
_OVERHEAD_BYTES = 256 * MEGA  # of a process: the same, and a file of up to 64 MB held in memory


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a single picture may cost."""

    max_megapixels: int = 200

    @property
    def process_bytes(self) -> int:
        """The addresses that a process decoding such pictures may take."""
        return _PROCESS_BYTES + self.max_megapixels * MEGA * 4

    @property
    def file_bytes(self) -> int:
        """The longest file that is read to its end."""
        return max(_FILE_BYTES, self.max_megapixels * MEGA * _PIXEL_BYTES)


def check_file(size: int, limits: DecodeLimits) -> None:
    """Passes where a file of `size` bytes is worth reading.

    Raises:
        PictureProblem: TOO_LARGE.
    """
    if size > limits.file_bytes:
        raise PictureProblem(
            ProblemKind.TOO_LARGE,
            f"{size / 1e9:.1f} GB are more than any picture of {limits.max_megapixels} megapixels",
        )


def memory_bytes(image: "ImageFile.ImageFile") -> int:
    """What Pillow allocates for the pixels of an opened (not loaded) image."""
    return image.width * image.height * _BYTES_IN_MEMORY.get(image.mode, 4)


def check_size(image: "ImageFile.ImageFile", *, file_bytes: int, limits: DecodeLimits) -> None:
    """Passes where an opened image is worth loading.

    Raises:
        PictureProblem: TOO_LARGE over the limit, or where so few bytes cannot be so many pixels; TRUNCATED where
            uncompressed pixels are not all in the file; BROKEN where there is no pixel at all.
    """
    width, height = image.size
    if width < 1 or height < 1:
        raise PictureProblem(ProblemKind.BROKEN, f"has no pixels ({width} × {height})")
    if image.width * image.height > limits.max_megapixels * MEGA:
        raise PictureProblem(
            ProblemKind.TOO_LARGE,
            f"{width} × {height} is more than {limits.max_megapixels} megapixels (--max-megapixels raises the limit)",
        )
    needed = _uncompressed_bytes(image)
    if needed > file_bytes:
        raise PictureProblem(
            ProblemKind.TRUNCATED,
            f"{width} × {height} uncompressed pixels need {needed} bytes, the file has {file_bytes}",
        )
    if memory_bytes(image) > _SUSPECT_BYTES and file_bytes * _PIXELS_PER_BYTE < width * height:
        raise PictureProblem(ProblemKind.TOO_LARGE, f"claims {width * height // MEGA} megapixels in {file_bytes} bytes")


def _uncompressed_bytes(image: "ImageFile.ImageFile") -> int:
    """The fewest bytes the pixels can take in a file that stores them uncompressed; 0 for compressed ones."""
    tiles = image.tile
    if image.format not in {"BMP", "DIB", "PPM", "TIFF"} or not tiles or any(tile[0] not in _STORED for tile in tiles):
        return 0
    args = tiles[0][3]
    raw_mode = args[0] if isinstance(args, tuple) and args else args
    bits = _bits_per_pixel(raw_mode if isinstance(raw_mode, str) else "", image.mode)
    return image.width * image.height * bits // 8


def _bits_per_pixel(raw_mode: str, mode: str) -> int:
    """A lower bound of the bits one pixel takes on disk, from Pillow's raw mode ("BGR;16", "P;4", "L;16B")."""
    small = re.search(r";(\d+)", raw_mode)
    packed = int(small[1]) if small else 0
    if packed in {1, 2, 4}:
        return packed
    if raw_mode.startswith("1"):
        return 1
    if packed in {15, 16} and raw_mode.startswith("BGR"):
        return 16
    return 12 if mode == "YCbCr" else 8 * _BANDS.get(mode, 1)  # YCbCr may be stored at half the colour resolution


# What decoders hold at their peak, in units of Pillow's pixels: planes before colour conversion, a copy handed over,
# canvases, tiles. Measured at 48 megapixels: 373 MB (HEIC), 446 (AVIF), 772 (WebP), 924 (JPEG 2000).
_WORKING_FACTOR = {"heif": 2, "avif": 3, "webp": 4, "jpeg2000": 5}


def check_memory(
    image: "ImageFile.ImageFile", *, format_name: str, full_size: tuple[int, int], limits: DecodeLimits
) -> int:
    """About the bytes that decoding takes at its peak, where that is allowed.

    Args:
        image: opened, its reduced scale set.
        format_name: one of media's.
        full_size: the header's, before the scale was set.
        limits: what one picture may cost.

    Raises:
        PictureProblem: TOO_LARGE. Said beforehand, since most decoders call what they cannot allocate broken data.
    """
    needed = memory_bytes(image) * _WORKING_FACTOR.get(format_name, 1) + _coefficient_bytes(image, full_size)
    allowed = limits.process_bytes - _OVERHEAD_BYTES
    if needed > allowed:
        raise PictureProblem(
            ProblemKind.TOO_LARGE,
            f"{format_name}: {full_size[0]} × {full_size[1]} takes {needed // MEGA} MB to decode, "
            f"{allowed // MEGA} are allowed (--max-megapixels raises the limit)",
        )
    return needed


def _coefficient_bytes(image: "ImageFile.ImageFile", full_size: tuple[int, int]) -> int:
    """A progressive JPEG keeps all coefficients of all components, two bytes each, whatever the scale."""
    if not image.info.get("progressive"):
        return 0
    sampling: list[int] = [across * down for _, across, down, _ in getattr(image, "layer", ())] or [1, 1, 1]
    return full_size[0] * full_size[1] * 2 * sum(sampling) // max(sampling)
