"""The photos of `search demo`: which they are, where they lie, and a changed copy of one to look up.

They come with scikit-image; none is shipped here. By its documentation they are in the public domain, CC0, or under no
known restriction, but for two that it ships without a word on it: the motorcycle (the Middlebury 2014 stereo benchmark)
and the page. scikit-image itself is looked for and never imported: that would take a second.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.errors import SearchError

PACKAGE = "skimage"
MARGIN = 8  # an eighth of each side is cut off the copy


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo inside the package.

    Attributes:
        file: its path below the package's folder.
        title: what it shows, in a word or two.
    """

    file: str
    title: str

    @property
    def name(self) -> str:
        """The file name of its copy, which tells a reader of paths what the picture shows."""
        return self.title.replace(" ", "-") + Path(self.file).suffix


PHOTOS = (
    Photo("data/astronaut.png", "astronaut"),
    Photo("data/brick.png", "brick wall"),
    Photo("data/camera.png", "photographer"),
    Photo("data/chelsea.png", "cat"),
    Photo("data/coffee.png", "coffee"),
    Photo("data/coins.png", "coins"),
    Photo("data/grass.png", "grass"),
    Photo("data/gravel.png", "gravel"),
    Photo("data/hubble_deep_field.jpg", "galaxies"),
    Photo("data/moon.png", "moon"),
    Photo("data/motorcycle_left.png", "motorcycle"),
    Photo("data/page.png", "printed page"),
    Photo("data/retina.jpg", "retina"),
    Photo("data/rocket.jpg", "rocket"),
)


def find_photos() -> dict[Photo, Path]:
    """Where each of PHOTOS lies on this machine.

    Raises:
        SearchError: scikit-image is not installed, or without them; says what to install.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SearchError(
            "the photos of the demo come with scikit-image, which is not installed: "
            "pip install 'semantic-image-search[demo]', or just scikit-image"
        )
    folder = Path(spec.submodule_search_locations[0])
    found = {photo: folder / photo.file for photo in PHOTOS}
    for path in found.values():
        if not path.is_file():
            raise SearchError(f"the scikit-image installed here has no {path}: pip install 'scikit-image>=0.24'")
    return found


def copy_photos(found: dict[Photo, Path], folder: Path) -> None:
    """Copies of the photos into a new folder, each named after what it shows."""
    folder.mkdir()
    for photo, path in found.items():
        shutil.copyfile(path, folder / photo.name)


def write_changed_copy(original: Path, out: Path) -> None:
    """The middle of a picture at two thirds of its size, as a JPEG of middling quality."""
    from media import jpeg_of, load_rgb, picture_size

    path = os.fsencode(original)
    pixels = load_rgb(path, max_side=max(picture_size(path)) * 2 // 3)
    height, width, _ = pixels.shape
    top, left = height // MARGIN, width // MARGIN
    out.write_bytes(jpeg_of(pixels[top : height - top, left : width - left], quality=70))
