"""What the tests of the graphs share."""

from pathlib import Path
from typing import Any

import numpy as np

from encoders.graphs import Tower

TEXTS = ["a dog on the beach", "", "Ein Schiff auf dem Meer! 🐕", "word " * 300, "two", "a b c d e f g h i j k l"]
BY_GRAPH = "exported graph, float32"


def pixels(n: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def blob(cache: Path, tower: Tower) -> Path:
    (found,) = cache.rglob(f"{tower}.*.blob")
    return found


def no_making(*_: Any) -> None:
    raise AssertionError("it was made anew")
