"""Loads Pillow's plugins of the formats that are read, and opens a stream with the one its content asks for.

Plugins are called directly: `Image.open` would import every format it knows, hide what a plugin says, and apply
limits of its own where `limits` decides.
"""

import functools
import importlib
from typing import IO, TYPE_CHECKING

from media.formats import FORMATS, format_row

if TYPE_CHECKING:
    from PIL import ImageFile


def open_image(stream: IO[bytes], format_name: str) -> "ImageFile.ImageFile":
    """An image of that format, its header read, its pixels not. Raises whatever the plugin raises.

    Raises:
        ImportError: the codec is not installed.
    """
    from PIL import Image

    load_plugin(format_name)
    factory, _ = Image.OPEN[format_row(format_name).pillow_name]
    return factory(stream, b"")


@functools.cache
def load_plugin(format_name: str) -> None:
    """Imports and registers what reads this format. Codecs get one thread: files are decoded side by side."""
    row = format_row(format_name)
    module = importlib.import_module(row.plugin)
    if row.name == "avif":
        if not module.SUPPORTED:
            raise ImportError("this Pillow was built without AVIF")
        vars(module)["DEFAULT_MAX_THREADS"] = 1
    if row.name == "heif":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def load_all_plugins() -> None:
    """Imports every plugin that is installed: a worker does so while it waits for its first file."""
    for row in FORMATS:
        try:
            load_plugin(row.name)
        except ImportError:
            continue  # said of each file that needs it
