"""Pictures for people and for comparison: oriented RGB of a chosen size, PNG previews, JPEGs, contact sheets.

Every file goes through `decode`'s boundary, in this process.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels
from core.errors import PictureProblem, UsageError
from media.decode import opened_picture
from media.fit import Raster, orientation_of, shown_size, shrink_to_side
from media.limits import DecodeLimits, check_memory
from media.reduced import decode_reduced_to_side

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_DEFAULT_LIMITS = DecodeLimits()
_MISSING = (200, 200, 200)  # the cell of a picture that cannot be read
_LABEL_HEIGHT = 20  # pixels
_GAP = 4  # pixels
_SHEET_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def load_rgb(path: bytes, *, max_side: int | None, limits: DecodeLimits = _DEFAULT_LIMITS) -> Pixels:
    """A picture as it is shown: uint8 (height, width, 3) RGB.

    Args:
        path: absolute, os.fsencode.
        max_side: the longer side is made this long where it is longer; None: the full size.
        limits: what one picture may cost.

    Raises:
        PictureProblem: whatever is wrong with the file.
    """
    return np.asarray(_load(path, max_side=max_side, limits=limits))


def picture_size(path: bytes, *, limits: DecodeLimits = _DEFAULT_LIMITS) -> tuple[int, int]:
    """(width, height) as shown. Most formats say it in their header; a PNG may say how it is turned at its end.

    Raises:
        PictureProblem: whatever is wrong with the file.
    """
    with opened_picture(path, limits=limits) as opened:
        if opened.format_name == "tiff":  # Pillow says its size as shown
            return opened.image.size
        return shown_size(opened.image.size, orientation_of(opened.image))


def preview_png(path: bytes, *, max_side: int) -> bytes:
    """A picture as it is shown, as a PNG with sides of at most `max_side` pixels and nothing of its metadata.

    Raises:
        PictureProblem: whatever is wrong with the file.
    """
    out = io.BytesIO()
    _load(path, max_side=max_side, limits=_DEFAULT_LIMITS).save(out, "PNG")
    return out.getvalue()


def jpeg_of(pixels: Pixels, *, quality: int) -> bytes:
    """Pixels, uint8 (height, width, 3) RGB, as a JPEG file without metadata; `quality` as Pillow counts: 1 to 95."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return out.getvalue()


def contact_sheet(pictures: Sequence[tuple[bytes, str]], out: Path, *, columns: int = 5, cell: int = 256) -> None:
    """Writes one picture with all `pictures` (path, label) in rows, each label below; unreadable ones get a grey cell.

    Args:
        pictures: at least one.
        out: a .png, .jpg or .webp file; overwritten.
        columns: pictures beside each other.
        cell: the side of a picture's square, in pixels.

    Raises:
        UsageError: no picture, another kind of file, or `out` cannot be written.
    """
    from PIL import Image, ImageDraw

    if not pictures or columns < 1 or cell < 1:
        raise UsageError("a contact sheet needs at least one picture, one column and one pixel a cell")
    if out.suffix.lower() not in _SHEET_ENDINGS:
        raise UsageError(f"{out}: a contact sheet is a .png, .jpg or .webp file")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    step_x, step_y = cell + _GAP, cell + _LABEL_HEIGHT + _GAP
    sheet = Image.new("RGB", (columns * step_x + _GAP, rows * step_y + _GAP), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    for number, (path, label) in enumerate(pictures):
        left, top = _GAP + number % columns * step_x, _GAP + number // columns * step_y
        picture = _cell(path, cell)
        sheet.paste(picture, (left + (cell - picture.width) // 2, top + (cell - picture.height) // 2))
        draw.text((left, top + cell + 2), _cut(draw, label, cell), fill=(0, 0, 0))
    try:
        sheet.save(out)
    except OSError as error:
        raise UsageError(f"{out}: the contact sheet cannot be written ({error.strerror or error})") from error


def _load(path: bytes, *, max_side: int | None, limits: DecodeLimits) -> "Image.Image":
    with opened_picture(path, limits=limits) as opened:
        image = opened.image
        full_size = image.size
        scale = 1 if max_side is None else decode_reduced_to_side(image, max_side)
        check_memory(image, format_name=opened.format_name, full_size=full_size, limits=limits)
        image.load()
        raster = Raster(image, orientation_of(image), scale, full_size if scale > 1 else image.size)
        return shrink_to_side(raster, max_side)


def _cell(path: bytes, cell: int) -> "Image.Image":
    from PIL import Image

    try:
        return _load(path, max_side=cell, limits=_DEFAULT_LIMITS)
    except PictureProblem:
        return Image.new("RGB", (cell, cell), _MISSING)


def _cut(draw: "ImageDraw.ImageDraw", label: str, width: int) -> str:
    """`label` on one line, its end left out where it is wider than `width` pixels."""
    text = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    if draw.textlength(text) <= width:
        return text
    while text and draw.textlength(text + "…") > width:
        text = text[:-1]
    return text + "…"
