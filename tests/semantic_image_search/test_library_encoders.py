"""Which encoder answers for which space, where the one a library was made with is gone or is another one."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.batches import PICTURES_AT_ONCE
from core.errors import ModelError, WrongModel
from core.models import Device
from encoders import ClipEncoder, device, load_encoder
from semantic_image_search import Library, open_library
from semantic_image_search.models import LazyEncoder
from tests.fakes import FakeEncoder
from tests.tiny_clip import make_tiny_clip


@pytest.fixture
def photos(tmp_path: Path, hub_cache: Path) -> Path:
    del hub_cache
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("red", "green"):
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    return folder


def change_to(library: Library, name: str, photos: Path) -> None:
    """Change the model of a library with two pictures; a third one comes in the same run."""
    Image.new("RGB", (64, 64), "blue").save(photos / "blue.png")
    library.use_model(name)
    report = library.index()
    assert (report.added, report.embedded, report.model) == (1, 3, name)
    assert (library.search("blue").model, library.search("blue").indexed) == (name, 3)
    assert library.doctor() == []


def test_a_model_that_is_gone_can_be_changed(photos: Path, tmp_path: Path) -> None:
    old, new = (make_tiny_clip(tmp_path / f"model{seed}", seed=seed) for seed in (0, 1))
    open_library(tmp_path / "library", model=old).index([photos])
    shutil.rmtree(tmp_path / "model0")
    library = open_library(tmp_path / "library")
    with pytest.raises(ModelError, match="model0"):
        library.search("red")
    change_to(library, new, photos)


def test_a_model_whose_weights_changed_can_be_changed(photos: Path, tmp_path: Path) -> None:
    name = make_tiny_clip(tmp_path / "model", seed=0)
    open_library(tmp_path / "library", model=name).index([photos])
    make_tiny_clip(tmp_path / "model", seed=1)
    library = open_library(tmp_path / "library")
    with pytest.raises(WrongModel, match=f"bring them back, or `search models use {name}`"):
        library.search("red")
    change_to(library, name, photos)


def test_imported_vectors_of_an_unknown_model_give_way_to_a_model(photos: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.eye(2, 8, dtype=np.float32))
    (tmp_path / "paths.txt").write_text(f"{photos}/red.png\n{photos}/green.png\n")
    library = open_library(tmp_path / "library")
    report = library.import_vectors(tmp_path / "v.npy", tmp_path / "paths.txt", model="CLIP elsewhere")
    assert report.model == "CLIP elsewhere"
    new = make_tiny_clip(tmp_path / "model")
    library.use_model(new)
    assert library.search(vector=np.eye(1, 8)[0]).model == "CLIP elsewhere"
    assert library.index([photos]).embedded == 2
    answer = library.search("red")
    assert (answer.model, answer.indexed) == (new, 2)


def test_a_model_that_is_here_gets_the_new_pictures_too(photos: Path, tmp_path: Path) -> None:
    old, new = (make_tiny_clip(tmp_path / f"model{seed}", seed=seed) for seed in (0, 1))
    library = open_library(tmp_path / "library", model=old)
    library.index([photos])
    open_library(tmp_path / "library").use_model(new)
    Image.new("RGB", (64, 64), "blue").save(photos / "blue.png")
    assert open_library(tmp_path / "library").index().embedded == 1 + 3


def test_a_built_in_model_of_another_version_is_told_as_one() -> None:
    info = FakeEncoder("mini").info
    lazy = LazyEncoder(info, device=Device.AUTO, download=False)
    assert lazy.info == info
    with pytest.raises(WrongModel) as caught:
        lazy.find()
    assert str(caught.value) == (
        "this library was made with the mini of another version of `search`: "
        "`search models use mini` and `search index` embed the pictures anew"
    )


def test_a_library_knows_how_many_pictures_its_model_takes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(make_tiny_clip(tmp_path))
    gone = replace(encoder.info, name=f"local-dir:{tmp_path / 'gone'}")
    known, unknown = (LazyEncoder(info, device=Device.AUTO, download=False) for info in (encoder.info, gone))
    monkeypatch.setattr(device, "certainly_cpu", lambda device: True)
    assert (known.batch_size, unknown.batch_size) == (PICTURES_AT_ONCE, PICTURES_AT_ONCE)
    monkeypatch.setattr(device, "certainly_cpu", lambda device: False)
    monkeypatch.setattr(ClipEncoder, "batch_size", 1024)
    assert (known.batch_size, unknown.batch_size) == (1024, PICTURES_AT_ONCE), "a missing model is missed later"
