"""What is looked up, made ready: the same whatever it was handed in as, and a file is opened once."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.models import Preprocess
from core.queries import Page
from media import COMPARE_SIDE
from searcher.copies import load_small
from semantic_image_search.queries import fitted, lookup_request

MODEL = Preprocess(height=224, width=224)
PAGE = Page(k=3, group=False)


@pytest.fixture
def photo(tmp_path: Path, test_data: Path) -> Path:
    with Image.open(test_data / "photos" / "alp.jpg") as image:
        image.resize((1600, 1200)).save(tmp_path / "photo.jpg", quality=95)
    return tmp_path / "photo.jpg"


@pytest.mark.parametrize("preprocess", [MODEL, None])
def test_a_file_is_opened_once(preprocess: Preprocess | None, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load_small(bytes(photo))
    opened: list[object] = []
    open_file = os.open

    def counted(path: object, *how: int, **options: int) -> int:
        opened.append(path)
        return open_file(path, *how, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "open", counted)
    request = lookup_request(photo, preprocess, PAGE)
    assert opened == [bytes(photo)]
    assert request.rgb.shape == expected.shape == (192, COMPARE_SIDE, 3)
    assert np.abs(request.rgb.astype(int) - expected).mean() < 1  # as the library's own are compared
    assert (request.pixels is None) == (preprocess is None)


def test_files_images_and_arrays_are_looked_up_alike(photo: Path) -> None:
    with Image.open(photo) as image:
        asked = [lookup_request(one, MODEL, PAGE) for one in (photo, image, np.asarray(image))]
    for request in asked:
        assert (request.size, request.page) == ((1600, 1200), PAGE)
        assert np.abs(request.rgb.astype(int) - asked[0].rgb).mean() < 1
        assert request.pixels is not None
        assert np.abs(request.pixels.astype(int) - fitted(photo, MODEL)).mean() < 1
    file, *others = asked
    assert (file.path, file.name) == (bytes(photo), str(photo))
    assert file.content_hash is not None
    assert file.phash is not None
    assert {(other.path, other.content_hash, other.phash, other.name) for other in others} == {
        (None, None, None, "a picture")
    }
