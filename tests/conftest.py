"""Fixtures that many tests share."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from core.program import NAME
from tests.encoders.hub_server import HubServer

# Whoever runs the tests in the background (`… &` in a script) has told them to ignore Ctrl-C, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long a made-up example takes says something about the machine, and what else it does, but nothing about the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real photos, hostile files and recorded vectors (SEARCH_TEST_DATA, default ../shared/data)."""
    folder = Path(os.environ.get("SEARCH_TEST_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}: set SEARCH_TEST_DATA")
    return folder.resolve()


@pytest.fixture(scope="session")
def user_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What tests have in place of the user's cache folder: a graph that one has made need not be made again."""
    return tmp_path_factory.mktemp("user-cache")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the user's settings, or touches the user's library or cache."""
    for name in list(os.environ):
        if name.startswith("SEARCH_") and name != "SEARCH_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SEARCH_CONFIG", str(tmp_path / "no-config.toml"))
    monkeypatch.setenv("SEARCH_LIBRARY", str(tmp_path / "default-library"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(user_cache))
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "0")  # no search is reranked by what this machine happens to have


@pytest.fixture
def hub_cache(tmp_path: Path, user_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache of the test's own, and a user cache folder with nothing but graphs."""
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    for folder in (user_cache, tmp_path / "caches"):
        (folder / NAME).mkdir(parents=True, exist_ok=True)
    (user_cache / NAME / "graphs").mkdir(exist_ok=True)
    (tmp_path / "caches" / NAME / "graphs").symlink_to(user_cache / NAME / "graphs")
    return tmp_path / "hub"


@pytest.fixture
def hub(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub with no repositories yet, which HF_ENDPOINT names; it writes down what it is asked."""
    del hub_cache
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
