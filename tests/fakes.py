"""Hand-written stand-ins for the Protocols of core.

FakeEncoder is deterministic and knows a little: a picture's vector comes from its coarse pixels (a 4 × 4 grid of
colours), a text's vector from the colour words in it. So "red" finds red pictures, a copy of a picture lands beside
it, and nothing needs torch.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from core.arrays import Pixels, Vectors
from core.models import EncoderInfo, Preprocess

GRID = 4
COLOURS: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (220, 30, 30),
    "green": (30, 160, 40),
    "blue": (30, 60, 220),
    "yellow": (240, 220, 40),
}


class FakeEncoder:
    """Both towers of a model that sees coarse colours.

    Args:
        name: the model's name; another name is another space.
        size: the side of the square pixels it wants.
    """

    def __init__(self, name: str = "fake", size: int = 32) -> None:
        self._info = EncoderInfo(
            name=name,
            dim=GRID * GRID * 3,
            preprocess=Preprocess(height=size, width=size, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
            weights_hash=hashlib.sha256(name.encode()).hexdigest(),
            logit_scale=100.0,
            context_length=8,  # words
            languages=("en",),
        )
        self.pictures_seen = 0

    @property
    def info(self) -> EncoderInfo:
        return self._info

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        n, height, width, _ = pixels.shape
        self.pictures_seen += n
        cells = pixels.reshape(n, GRID, height // GRID, GRID, width // GRID, 3).mean(axis=(2, 4))
        return _unit(cells.reshape(n, self._info.dim).astype(np.float32) - 127.0)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        rows = [self._encode_text(text) for text in texts]
        return _unit(np.stack(rows)) if rows else np.empty((0, self._info.dim), np.float32)

    def cut_off(self, text: str) -> str:
        return " ".join(text.split()[self._info.context_length or 0 :])

    def _encode_text(self, text: str) -> Vectors:
        words = text.lower().split()[: self._info.context_length]
        named = [COLOURS[word] for word in words if word in COLOURS]
        if named:
            return np.tile(np.mean(named, axis=0) - 127.0, GRID * GRID).astype(np.float32)
        seed = int.from_bytes(hashlib.sha256(" ".join(words).encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(self._info.dim).astype(np.float32)


def _unit(rows: Vectors) -> Vectors:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    fallback = np.zeros_like(rows)
    fallback[..., 0] = 1.0  # an all-grey picture has no direction of its own
    return np.where(norms > 1e-6, rows / np.maximum(norms, 1e-6), fallback).astype(np.float32)
