"""The pictures of a library by their ids: what is known of them, thumbnails, and the files themselves."""

from semantic_image_search.pictures.collection import Pictures
from semantic_image_search.pictures.detail import PictureDetail
from semantic_image_search.pictures.files import FileWithoutLocation, Original
from semantic_image_search.pictures.handed import HandedPicture
from semantic_image_search.pictures.thumbnails import RENDITION, SIDES, Thumbnail, thumbnail_name

__all__ = [
    "RENDITION",
    "SIDES",
    "FileWithoutLocation",
    "HandedPicture",
    "Original",
    "PictureDetail",
    "Pictures",
    "Thumbnail",
    "thumbnail_name",
]
