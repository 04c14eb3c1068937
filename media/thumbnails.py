"""Pictures drawn small, as a browser shows them: WebP in sRGB, turned upright, with nothing of their metadata.

Where they are kept is `db`'s, in which process they are made `picture_workers`'.
"""

import io
from typing import TYPE_CHECKING

from media.asked import Drawing, Drawn
from media.decode import Hooks, OpenedPicture
from media.fit import KEPT, Raster, orientation_of, shrink_to_side, thinned
from media.limits import DecodeLimits, check_memory
from media.reduced import decode_reduced_to_side

if TYPE_CHECKING:
    from PIL import Image

_EFFORT = 2  # of 0 to 6: 512 pixels take 12 ms in place of 21 at Pillow's usual 4, and 2% more bytes
_NEARLY = 0.9  # of the side is enough: 4,000 pixels are decoded as 2,000 for a side of 2,048
_RGB_PROFILE = slice(16, 20), b"RGB "  # where an ICC profile says which colours it is of


def draw(opened: OpenedPicture, wanted: Drawing, *, limits: DecodeLimits, hooks: Hooks) -> Drawn:
    """The picture as wanted; inside `opened_from`, which tells what a decoder raises."""
    image = opened.image
    full_size = image.size
    scale = decode_reduced_to_side(image, round(_NEARLY * wanted.side))
    hooks.gate(check_memory(image, format_name=opened.format_name, full_size=full_size, limits=limits))
    image.load()
    raster = Raster(image, orientation_of(image), scale, full_size if scale > 1 else image.size)
    side = min(wanted.side, max(image.size))
    small = in_srgb(shrink_to_side(_fewer(raster, side), side), image.info.get("icc_profile"))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=wanted.quality, method=_EFFORT)
    return Drawn(out.getvalue(), *raster.size)


def _fewer(raster: Raster, side: int) -> Raster:
    """A picture that is many times too large (and no JPEG, which is decoded smaller) is averaged first."""
    width, height = raster.image.size
    return thinned(raster, (), least_side=max(1, round(KEPT * side * min(width, height) / max(width, height))))


def in_srgb(small: "Image.Image", profile: object) -> "Image.Image":
    """The colours as the picture's own profile means them: a phone's are wider than those of unmarked pictures."""
    place, rgb = _RGB_PROFILE
    if not isinstance(profile, bytes) or profile[place] != rgb or b"sRGB" in profile:
        return small
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        shown = ImageCms.profileToProfile(small, own, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):  # a damaged profile: shown as browsers do, without
        return small
    return small if shown is None else shown
