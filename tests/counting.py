"""Parts that count."""

from types import ModuleType
from typing import Any

import pytest

from media import DecodePool


def decoders_counted(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[int]:
    """How many processes each pool that `module` starts from here on was asked for."""
    started: list[int] = []

    class Counting(DecodePool):
        def __init__(self, *, workers: int, **named: Any) -> None:
            started.append(workers)
            super().__init__(workers=workers, **named)

    monkeypatch.setattr(module, "DecodePool", Counting)
    return started
