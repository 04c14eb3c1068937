"""Fixtures of the encoder tests."""

import pytest

from tests.tiny_clip import make_tiny_clip


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a tiny open_clip model with random weights: "local-dir:…"."""
    return make_tiny_clip(tmp_path_factory.mktemp("tiny-clip"))
