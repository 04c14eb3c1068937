"""Fixtures of the encoder tests."""

import socket
from typing import Any

import pytest

from tests.tiny_clip import make_tiny_clip


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a tiny open_clip model with random weights: "local-dir:…"."""
    return make_tiny_clip(tmp_path_factory.mktemp("tiny-clip"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to reach another machine (or this one) fails and is written down."""
    tried: list[str] = []

    def refuse(*args: Any, **named: Any) -> None:
        tried.append(repr(args[-2:]))
        raise OSError("the test allows no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried
