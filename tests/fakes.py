"""Hand-written stand-ins for the Protocols of core.

FakeEncoder is deterministic and knows a little: a picture's vector comes from its coarse pixels (a 4 × 4 grid of
colours), a text's vector from the colour words in it. So "red" finds red pictures, a copy of a picture lands beside
it, and nothing needs torch.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from core.arrays import PictureFeatures, Pixels, Vectors
from core.models import EncoderInfo, Preprocess, RerankerInfo
from core.protocols import MatchScores

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


class FakeReranker:
    """Fits where every colour that a text names fills some cell of the picture; other words never fit.

    Args:
        name: the model's name; another name is another identity.
        size: the side of the square pixels it wants.
        fast: what `info.fast` says.
    """

    def __init__(self, name: str = "fake-reranker", size: int = 32, *, fast: bool = True) -> None:
        self._info = _second_stage_info(name, size, fast=fast)
        self.pictures_seen = 0
        self.pairs_matched = 0

    @property
    def info(self) -> RerankerInfo:
        return self._info

    def see(self, pixels: Pixels) -> PictureFeatures:
        self.pictures_seen += len(pixels)
        return _cells(pixels).astype(np.float16)

    def match(self, texts: Sequence[str], features: PictureFeatures) -> MatchScores:
        count = 0 if 0 in {len(texts), len(features)} else max(len(texts), len(features))
        if count and {len(texts), len(features)} - {1, count}:
            raise ValueError(f"{len(texts)} texts and {len(features)} pictures make no pairs")
        self.pairs_matched += count
        fits = [_fit(texts[i % len(texts)], features[i % len(features)]) for i in range(count)]
        closeness = np.array(fits, np.float32).reshape(count)
        logits = np.stack([np.zeros(count), 40.0 * (closeness - 0.75)], axis=1)
        return MatchScores(logits.astype(np.float32), (2.0 * closeness - 1.0).astype(np.float32))


class FakeCaptioner:
    """Names the colours it sees, the most common first: "a picture of red and blue"."""

    def __init__(self, name: str = "fake-captioner", size: int = 32) -> None:
        self._info = _second_stage_info(name, size, fast=True)
        self.pictures_seen = 0

    @property
    def info(self) -> RerankerInfo:
        return self._info

    def write(self, pixels: Pixels) -> list[str]:
        self.pictures_seen += len(pixels)
        return [f"a picture of {' and '.join(_colours_in(cells)[:2])}" for cells in _cells(pixels)]


class FakeAnswerer:
    """Says how many colours it sees where the question asks for a number, else the most common one."""

    def __init__(self, name: str = "fake-answerer", size: int = 32) -> None:
        self._info = _second_stage_info(name, size, fast=True)

    @property
    def info(self) -> RerankerInfo:
        return self._info

    def answer(self, pixels: Pixels, questions: Sequence[str]) -> list[str]:
        colours = _colours_in(_cells(pixels[None])[0])
        return [str(len(colours)) if "how many" in question.lower() else colours[0] for question in questions]


def _second_stage_info(name: str, size: int, *, fast: bool) -> RerankerInfo:
    return RerankerInfo(
        name=name,
        preprocess=Preprocess(height=size, width=size, resize="squash", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
        weights_hash=hashlib.sha256(name.encode()).hexdigest(),
        tokens=GRID * GRID,
        width=3,
        fast=fast,
    )


def _cells(pixels: Pixels) -> np.ndarray:
    """(n, height, width, 3) to mean colours between 0 and 255, (n, cells, 3)."""
    n, height, width, _ = pixels.shape
    return pixels.reshape(n, GRID, height // GRID, GRID, width // GRID, 3).mean(axis=(2, 4)).reshape(n, GRID * GRID, 3)


def _fit(text: str, cells: PictureFeatures) -> float:
    """How close the picture comes to the colours named, 0 to 1; what no colour is named in does not fit."""
    named = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
    if not named:
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2], "big") / 65535 * 0.3
    away = [np.linalg.norm(cells.astype(np.float64) - colour, axis=1).min() for colour in named]
    return float(1.0 - max(away) / (255 * 3**0.5))


def _colours_in(cells: np.ndarray) -> list[str]:
    """The nearest colour word of every cell, the most common first."""
    table = np.array(list(COLOURS.values()))
    nearest = np.linalg.norm(cells[:, None] - table[None], axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(table))
    return [list(COLOURS)[number] for number in np.argsort(-counts, kind="stable") if counts[number]]


def _unit(rows: Vectors) -> Vectors:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    fallback = np.zeros_like(rows)
    fallback[..., 0] = 1.0  # an all-grey picture has no direction of its own
    return np.where(norms > 1e-6, rows / np.maximum(norms, 1e-6), fallback).astype(np.float32)
