"""`Library.nearest`: many vectors at once, on either device."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DeviceError, LibraryNotFound, UsageError
from core.models import Device
from semantic_image_search import Library, open_library
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import brute_force, clustered

DIM = 24
ROWS = clustered(600, DIM)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """600 pictures, searched exactly; the hundred of one folder were forgotten. Not to be changed."""
    folder = tmp_path_factory.mktemp("nearest")
    np.save(folder / "v.npy", ROWS)
    (folder / "paths.txt").write_text("".join(f"/gone/{number // 100}/{number}.jpg\n" for number in range(600)))
    opened = open_library(folder / "library")
    opened.import_vectors(folder / "v.npy", folder / "paths.txt", model="made")
    opened.forget("/gone/2")
    return opened


LIVE = np.arange(600) // 100 != 2


@pytest.mark.parametrize("device", [None, "cpu", "cuda"])
def test_every_vector_has_the_pictures_that_exact_search_finds(
    library: Library, device: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda = gpus(monkeypatch)
    queries = ROWS[::23].astype(np.float32) * 3  # of any length
    found = library.nearest(queries, k=4, device=device)
    assert len(found) == len(queries)
    for query, pictures in zip(queries, found, strict=True):
        rows, exact = brute_force(ROWS, query / np.linalg.norm(query), LIVE)
        scores = np.minimum(exact, 1.0)  # float16 rows may be a little longer than one
        assert [it.picture.path for it in pictures] == [f"/gone/{row // 100}/{row}.jpg".encode() for row in rows[:4]]
        assert np.allclose([it.score for it in pictures], scores[:4], atol=1e-6)
    assert bool(cuda.asked) == (device == "cuda")


def gpus(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    fake = FakeCuda()
    monkeypatch.setattr("db.vectors.searcher.find_cuda", lambda device: fake if device is Device.CUDA else None)
    return fake


def test_no_vectors_have_no_neighbours(library: Library) -> None:
    assert library.nearest(np.empty((0, DIM), np.float32)) == []


def test_a_gpu_that_is_not_there_is_an_error(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.vectors.gpu.open_driver", lambda: None)
    with pytest.raises(DeviceError, match="there is no cuda device for the vector index here"):
        library.nearest(ROWS[:2], device="cuda")


@pytest.mark.parametrize(
    ("vectors", "k", "why"),
    [
        (np.ones((2, 7)), 3, r"the vectors have shape \(2, 7\), and the library's made has 24 dimensions"),
        (np.ones(DIM), 3, r"the vectors have shape \(24,\)"),
        (np.zeros((1, DIM)), 3, "vector 0 points nowhere: its length is 0"),
        (np.full((1, DIM), np.nan), 3, "vector 0 points nowhere: its length is nan"),
        (np.ones((1, DIM)), 0, "k must be at least 1, and is 0"),
    ],
)
def test_what_cannot_be_asked_is_one_error(library: Library, vectors: Any, k: int, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        library.nearest(vectors, k=k)


def test_nothing_is_near_where_nothing_was_indexed(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound):
        open_library(tmp_path / "none").nearest(ROWS[:1])
