"""What is known about a model: its catalogue row, its preprocessing, its identity."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Literal

from core.policy import DECODE_POLICY


class VectorKind(StrEnum):
    """What the rows of a vector file stand for. Text never swamps pictures: each kind has files of its own."""

    IMAGE = "image"
    CAPTION = "caption"


class Device(StrEnum):
    """Where a model runs. `auto` takes the best there is and says which."""

    AUTO = "auto"
    CUDA = "cuda"
    MPS = "mps"
    CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How pixels are fitted to a model: resize and crop happen in `media`, mean and std in the encoder.

    `shortest` resizes the shorter side and crops the centre, `squash` ignores the aspect ratio, `longest` resizes
    the longer side and pads with `fill`. These are open_clip's `resize_mode`s.
    """

    height: int
    width: int
    resize: Literal["shortest", "squash", "longest"] = "shortest"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    fill: int = 0


class ModelTask(StrEnum):
    """What a model is for."""

    CLIP = "clip"  # both towers: what is indexed and searched with
    RERANK = "rerank"  # image-text matching, pair by pair
    CAPTION = "caption"
    ANSWER = "answer"  # questions about a picture


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A row of the catalogue: a model one can ask for by name."""

    name: str  # what a person types: "ViT-B-32"
    architecture: str  # open_clip's name
    tag: str  # open_clip's pretrained tag
    dim: int
    image_size: int  # pixels, square
    context_length: int  # tokens
    languages: tuple[str, ...]  # ISO 639-1; ("en",), or ("*",) where it reads most
    download_bytes: int  # 0: nothing to fetch, or not known before
    licence: str
    good_for: str  # one line for `search models list`
    built_in: bool = False  # comes with the program: always here, never removed
    task: ModelTask = ModelTask.CLIP


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """What the rest of the program knows of a reranker.

    Attributes:
        name: as a person types it.
        preprocess: how it wants pixels.
        weights_hash: hex.
        tokens, width: of a picture's features.
        fast: runs on a device that scores a hundred pairs within a second or two.
        languages: that it reads; "*" stands for all.
    """

    name: str
    preprocess: Preprocess
    weights_hash: str
    tokens: int
    width: int
    fast: bool
    languages: tuple[str, ...] = ("en",)

    @property
    def identity(self) -> str:
        """Which pictures' features can be shared: hex digest of weights, preprocessing and decode policy."""
        parts = {"weights": self.weights_hash, "preprocess": asdict(self.preprocess), "decode": DECODE_POLICY}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What the rest of the program knows of a loaded (or once loaded) model."""

    name: str
    dim: int
    preprocess: Preprocess
    weights_hash: str  # hex; for fakes and imports any stable text
    logit_scale: float | None  # the learned scale (already exp'ed), for probabilities
    context_length: int | None
    languages: tuple[str, ...]

    @property
    def identity(self) -> str:
        """The space these vectors live in: hex digest of weights, preprocessing and decode policy."""
        parts = {"weights": self.weights_hash, "preprocess": asdict(self.preprocess), "decode": DECODE_POLICY}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
