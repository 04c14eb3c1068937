"""The one picture that a question is about: one of the library, or an uploaded one."""

from typing import TYPE_CHECKING

from pydantic import Discriminator, Tag

from web.api.models_filters import Asked, ImageId, Upload

if TYPE_CHECKING:
    from semantic_image_search import Library
    from semantic_image_search.pictures import HandedPicture
    from web.parts import Parts


class OfLibrary(Asked):
    """Of a picture of the library."""

    image_id: ImageId


class OfUpload(Asked):
    """Of an uploaded picture."""

    upload: Upload


def _which(given: object) -> str:
    if isinstance(given, dict):
        return "upload" if "upload" in given else "picture"
    return "upload" if isinstance(given, OfUpload) else "picture"


PICTURE, UPLOAD, WHICH = Tag("picture"), Tag("upload"), Discriminator(_which)
"""Of a body that is either: what is wrong with it is told of the one that was meant."""


def handed(asked: OfLibrary | OfUpload, parts: "Parts", library: "Library") -> "HandedPicture":
    """The picture, to be decoded when it is looked at.

    Raises:
        UnknownPicture, Problem: there is no such picture.
    """
    if isinstance(asked, OfUpload):
        return parts.uploads.picture(asked.upload)
    return library.pictures.handed(asked.image_id)
