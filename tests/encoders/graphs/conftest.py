"""Graphs of the tiny model, made once for all tests of this folder, and copied to a cache folder of each test's own."""

import shutil
from pathlib import Path

import pytest

from encoders import ClipEncoder, load_encoder
from encoders.graphs import Tower


@pytest.fixture(scope="session")
def made(tiny_clip: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with both graphs of the tiny model."""
    caches = tmp_path_factory.mktemp("graphs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(caches))
        encoder = load_encoder(tiny_clip)
        encoder.prepare()
        assert (encoder.how(Tower.TEXT), encoder.how(Tower.IMAGE)) == ("exported graph, float32",) * 2
    return caches


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    caches = tmp_path / "caches"
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    return caches


@pytest.fixture
def ready(made: Path, cache: Path) -> Path:
    """A cache folder of the test's own with both graphs of the tiny model."""
    shutil.copytree(made, cache)
    return cache


@pytest.fixture
def encoder(ready: Path, tiny_clip: str) -> ClipEncoder:
    """The tiny model, whose graphs are there."""
    del ready
    return load_encoder(tiny_clip)
