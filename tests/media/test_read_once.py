"""No picture is read twice: one open of its file, and as many bytes as it has."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from core.models import Preprocess
from media import DecodeLimits, decode_picture

_opened: list[bytes] | None = None


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _opened is not None and event == "open" and isinstance(arguments[0], (str, bytes)):
        _opened.append(os.fsencode(arguments[0]))


sys.addaudithook(_hear)  # for good: Python takes none back


@contextmanager
def opened_files() -> Iterator[list[bytes]]:
    """The files that this process opens meanwhile."""
    global _opened  # noqa: PLW0603 - the hook outlives the test
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".tif", ".heic", ".avif", ".gif", ".bmp", ".jp2"])
def test_a_picture_is_opened_once(ending: str, tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    file = tmp_path / f"picture{ending}"
    Image.new("RGB", (600, 400), "red").save(file)
    path = bytes(file)
    targets = [Preprocess(height=64, width=64), Preprocess(height=32, width=32)]
    decode_picture(path, targets=targets, limits=DecodeLimits())  # loads the plugins
    with opened_files() as opened:
        assert decode_picture(path, targets=targets, limits=DecodeLimits(), small_side=100) is not None
    assert Counter(opened)[path] == 1
    assert set(opened) == {path}, "nothing else is opened either"
