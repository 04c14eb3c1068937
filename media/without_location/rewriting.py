"""Which way each format goes: rewritten without decoding it, or, where that cannot be, drawn anew as a JPEG."""

import io
from collections.abc import Callable, Mapping

from core.errors import PictureProblem, ProblemKind
from media.asked import Rewritten
from media.decode import Hooks, OpenedPicture, opened_from
from media.fit import Raster, orientation_of, shrink_to_side
from media.limits import DecodeLimits, check_memory
from media.metadata import read_metadata
from media.source import handed_source
from media.thumbnails import in_srgb
from media.without_location.boxes import clear_boxes
from media.without_location.bytes_of import Span, Unclear
from media.without_location.chunks import clear_gif, clear_png, clear_webp
from media.without_location.jpeg import clear_jpeg
from media.without_location.tiff import clear_tiff

_MOST_BYTES = 128 << 20  # that a worker holds several times, and the one who asks once
_QUALITY = 95
_MOST_JPEG_SIDE = 65_500


def _leave(_: bytearray) -> None:
    """These formats have no room for a place."""


_CLEAR: Mapping[str, Callable[[bytearray], None]] = {
    "jpeg": clear_jpeg,
    "png": clear_png,
    "webp": clear_webp,
    "gif": clear_gif,
    "tiff": lambda data: clear_tiff(Span(data, 0, len(data))),
    "heif": clear_boxes,
    "avif": clear_boxes,
    "bmp": _leave,
    "ppm": _leave,
}


def rewrite(opened: OpenedPicture, _wanted: object, *, limits: DecodeLimits, hooks: Hooks) -> Rewritten:
    """The file without the place; inside `opened_from`, which tells what a decoder raises.

    What was rewritten is read again, and is only believed where it tells of no place any more.
    """
    source = opened.source
    if source.size_bytes > _MOST_BYTES:
        raise PictureProblem(ProblemKind.TOO_LARGE, f"a file of {source.size_bytes / 1e6:.0f} MB is not rewritten")
    source.stream.seek(0)
    data = bytearray(source.stream.read())
    source.stream.seek(0)
    if _cleared(opened.format_name, data) and _tells_nothing(bytes(data), limits, opened):
        return Rewritten(bytes(data), opened.format_name, anew=False)
    return Rewritten(_drawn_anew(opened, limits, hooks), "jpeg", anew=True)


def _cleared(format_name: str, data: bytearray) -> bool:
    clear = _CLEAR.get(format_name)
    if clear is None:
        return False
    try:
        clear(data)
    except Unclear:
        return False
    return True


def _tells_nothing(data: bytes, limits: DecodeLimits, before: OpenedPicture) -> bool:
    """Whether it is the same kind of picture, as large and as turned as before, and tells of no place."""
    try:
        with opened_from(handed_source(data), limits=limits) as opened:
            if opened.format_name != before.format_name or opened.image.size != before.image.size:
                return False
            if orientation_of(opened.image) != orientation_of(before.image):
                return False
            found = read_metadata(opened.image, path=b"", stat=opened.source.stat)
            if found.latitude is not None or found.longitude is not None:
                return False
            return before.format_name != "tiff" or _same_pixels(opened, before)
    except PictureProblem:
        return False


def _same_pixels(opened: OpenedPicture, before: OpenedPicture) -> bool:
    """A TIFF's directories may point anywhere, also into its pixels."""
    opened.image.load()
    before.image.load()
    return opened.image.tobytes() == before.image.tobytes()


def _drawn_anew(opened: OpenedPicture, limits: DecodeLimits, hooks: Hooks) -> bytes:
    """Upright, in sRGB, without any metadata."""
    image = opened.image
    if max(image.size) > _MOST_JPEG_SIDE:
        raise PictureProblem(ProblemKind.TOO_LARGE, "no JPEG can be this large, and its own format cannot be rewritten")
    hooks.gate(check_memory(image, format_name=opened.format_name, full_size=image.size, limits=limits))
    image.load()
    raster = Raster(image, orientation_of(image), 1, image.size)
    out = io.BytesIO()
    in_srgb(shrink_to_side(raster, None), image.info.get("icc_profile")).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
