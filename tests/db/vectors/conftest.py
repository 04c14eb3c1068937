"""Vectors to search: real CLIP ones, and made ones for where the test data is absent."""

from pathlib import Path

import numpy as np
import pytest

from tests.db.vectors.shelves import Recorded, Shelf, clustered, make_shelf, unit


@pytest.fixture(scope="session")
def clip(test_data: Path) -> Recorded:
    """756 pictures and 1,703 nouns, as OpenAI's ViT-B/32 saw them."""
    with np.load(test_data / "clip-vectors" / "vectors.npz") as stored:
        return Recorded(unit(stored["image_vectors"]), unit(stored["text_vectors"]))


@pytest.fixture(scope="session")
def clip_shelf(clip: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The real pictures, indexed. Not to be changed."""
    return make_shelf(tmp_path_factory.mktemp("clip"), clip.images.astype(np.float16))


@pytest.fixture(scope="session")
def tailed_shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """1,500 made rows of 30 numbers, the last 300 newer than the index. Not to be changed."""
    return make_shelf(tmp_path_factory.mktemp("tailed"), clustered(1500, 30), built=1200)
