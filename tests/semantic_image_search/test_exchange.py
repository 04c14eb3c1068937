"""Vectors in and out through the front door."""

import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.errors import UnknownModel, UsageError, WrongModel
from core.queries import CopyKind
from semantic_image_search import Library, exchange, open_library
from tests.counting import decoders_counted
from tests.fakes import FakeEncoder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, colour in enumerate(("red", "green", "blue", "yellow")):
        Image.new("RGB", (40 + i, 30), colour).save(folder / f"{colour}.png")
    return folder


def recorded(folder: Path, paths: list[bytes], vectors: np.ndarray) -> dict[str, Path]:
    np.save(folder / "v.npy", vectors)
    (folder / "paths.txt").write_bytes(b"".join(path + b"\n" for path in paths))
    return {"vectors": folder / "v.npy", "paths": folder / "paths.txt"}


def imported(tmp_path: Path, photos: Path) -> tuple[Library, list[bytes]]:
    paths = [bytes(path) for path in sorted(photos.iterdir())] + [bytes(tmp_path / "gone" / "away.jpg")]
    library = open_library(tmp_path / "library")
    files = recorded(tmp_path, paths, 3.0 * np.eye(5, 8, dtype=np.float32))
    assert library.import_vectors(**files, model="somebody's model").added == 5
    return library, paths


def test_files_of_imported_vectors_are_read_by_as_many_processes_as_the_setting_says(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = decoders_counted(monkeypatch, exchange)
    monkeypatch.setenv("SEARCH_WORKERS", "3")
    imported(tmp_path, photos)
    assert started == [3]


def test_imported_vectors_are_searched(tmp_path: Path, photos: Path) -> None:
    library, paths = imported(tmp_path, photos)
    for i, path in enumerate(paths):
        best = library.search(vector=np.eye(5, 8, dtype=np.float32)[i], k=1).hits[0]
        assert (best.picture.path, round(best.score, 3)) == (path, 1.0)
    assert library.search(vector=np.ones(8), k=5).model == "somebody's model"


def test_files_that_are_there_get_their_facts(tmp_path: Path, photos: Path) -> None:
    library, paths = imported(tmp_path, photos)
    by_path = {hit.picture.path: hit.picture for hit in library.search(vector=np.ones(8), k=5).hits}
    assert [by_path[path].facts.width for path in paths[:4]] == [42, 41, 40, 43]  # blue, green, red, yellow
    assert by_path[paths[4]].offline
    assert by_path[paths[4]].content_hash is None


def test_a_known_picture_is_looked_up_without_the_model(tmp_path: Path, photos: Path) -> None:
    library, paths = imported(tmp_path, photos)
    hits = library.lookup(paths[0], k=2).hits
    assert (hits[0].picture.path, hits[0].copy) == (paths[0], CopyKind.IDENTICAL)


def test_rows_without_a_direction_are_problems(tmp_path: Path, photos: Path) -> None:
    vectors = np.eye(4, dtype=np.float16)
    vectors[1], vectors[2, 2] = 0.0, np.nan
    files = recorded(tmp_path, [bytes(path) for path in sorted(photos.iterdir())], vectors)
    report = open_library(tmp_path / "library").import_vectors(**files, model="m")
    assert (report.added, report.skipped) == (2, 2)
    assert {problem.path for problem in report.problems} == {bytes(photos / "green.png"), bytes(photos / "red.png")}


@pytest.mark.parametrize(
    ("vectors", "paths", "message"),
    [
        (np.eye(3, dtype=np.float32), [b"a.jpg"], "must be equal"),
        (np.ones(3, dtype=np.float32), [b"a.jpg"], r"expected float \(n, dim\)"),
        (np.eye(1, dtype=np.int64), [b"a.jpg"], r"expected float \(n, dim\)"),
    ],
)
def test_files_that_do_not_fit(tmp_path: Path, vectors: np.ndarray, paths: list[bytes], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_library(tmp_path / "library").import_vectors(**recorded(tmp_path, paths, vectors), model="m")
    assert not (tmp_path / "library").exists()


def test_files_that_are_none_are_said_in_plain_words(tmp_path: Path) -> None:
    files = recorded(tmp_path, [b"a.jpg"], np.eye(1, dtype=np.float32))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        open_library(tmp_path / "library").import_vectors(tmp_path / "none", files["paths"], model="m")
    files["vectors"].write_bytes(b"hello")
    with pytest.raises(UsageError, match="is not a whole file of numbers in numpy's"):
        open_library(tmp_path / "library").import_vectors(**files, model="m")


def test_words_need_the_model_the_vectors_came_from(tmp_path: Path, photos: Path) -> None:
    library, _ = imported(tmp_path, photos)
    with pytest.raises(UnknownModel, match='imported as "somebody\'s model", a model that cannot be had here'):
        library.search("red")


def test_another_model_is_refused(tmp_path: Path, photos: Path) -> None:
    library, paths = imported(tmp_path, photos)
    with pytest.raises(WrongModel, match="somebody's model"):
        library.import_vectors(**recorded(tmp_path, paths, np.eye(5, 8, dtype=np.float32)), model="other")


def test_a_round_trip_is_exact(tmp_path: Path, photos: Path) -> None:
    odd = os.fsdecode(bytes(photos) + b"/n\xff\n.png")
    shutil.copy(photos / "red.png", odd)
    Image.new("RGB", (64, 64), "white").save(odd)
    library = open_library(tmp_path / "library", model=FakeEncoder())
    library.index([photos])
    assert library.export_vectors(tmp_path / "out") == 5
    table = pq.read_table(tmp_path / "out" / "metadata" / "metadata_0.parquet")
    assert table.column_names == ["image_path", "image_path_bytes", "caption", "image_id"]
    again = open_library(tmp_path / "again")
    again.import_vectors(
        tmp_path / "out" / "img_emb" / "img_emb_0.npy",
        tmp_path / "out" / "metadata" / "metadata_0.parquet",
        model="fake",
    )
    query = FakeEncoder().encode_texts(["red"])[0]
    before, after = (one.search(vector=query, k=5).hits for one in (library, again))
    assert [hit.picture.path for hit in before] == [hit.picture.path for hit in after]
    np.testing.assert_allclose([hit.score for hit in before], [hit.score for hit in after], atol=1e-3)


def test_an_export_is_never_overwritten(tmp_path: Path, photos: Path) -> None:
    library, _ = imported(tmp_path, photos)
    assert library.export_vectors(tmp_path / "out") == 5
    with pytest.raises(UsageError, match="holds an export already"):
        library.export_vectors(tmp_path / "out")


def test_an_export_that_cannot_be_written_says_where(tmp_path: Path, photos: Path) -> None:
    library, _ = imported(tmp_path, photos)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="stopped after 0 vectors"):
        library.export_vectors(tmp_path / "file" / "out")
