"""What the three BLIP models have in common: loaded on first use, placed on a device, fed with pixels."""

import threading
from typing import TYPE_CHECKING, Any

from core.arrays import Pixels
from core.models import Device, ModelSpec, Preprocess, RerankerInfo
from encoders.blip.arithmetic import Arithmetic, arithmetic_for, place
from encoders.blip.build import build_blip
from encoders.blip.configuration import CONFIG_FILE, PREPROCESSOR_FILE, BlipShape, read_preprocess, read_shape
from encoders.blip.vision import Vision
from encoders.blip.words import read_tokenizer
from encoders.device import WORTH_IT_BYTES, Placement
from encoders.pixels import check_pixels, normalised
from encoders.sources import ModelFiles
from encoders.weights_file import weights_hash

if TYPE_CHECKING:
    import torch


class BlipModel:
    """A BLIP's files, its place, and, once asked for, its weights in memory. Safe to share between threads.

    Args:
        spec, files: what `find_files` says.
        device: where to run it.
        placement: overrides `device` with a device and precision already chosen.
    """

    def __init__(
        self, spec: ModelSpec, files: ModelFiles, *, device: Device = Device.AUTO, placement: Placement | None = None
    ) -> None:
        self.spec = spec
        self.files = files
        self.shape: BlipShape = read_shape(files.weights.parent / CONFIG_FILE)
        self.fit: Preprocess = read_preprocess(
            files.weights.parent / PREPROCESSOR_FILE, image_size=self.shape.image_size
        )
        self._device = device
        self._placement = placement
        self._rest: Any = None
        self._vision: Any = None
        self._tokenizer: Any = None
        self._info: RerankerInfo | None = None
        self.lock = threading.RLock()

    @property
    def info(self) -> RerankerInfo:
        """Name, preprocessing, identity. Reads the weights' hash, not the weights."""
        with self.lock:
            if self._info is None:
                small = self.files.weights.stat().st_size < WORTH_IT_BYTES  # a hundred pairs in a second anywhere
                self._info = RerankerInfo(
                    name=self.spec.name,
                    preprocess=self.fit,
                    weights_hash=weights_hash(self.files.weights),
                    tokens=self.shape.tokens,
                    width=self.shape.width,
                    fast=small or self.placement.device == "cuda",
                    languages=self.spec.languages,
                )
            return self._info

    @property
    def placement(self) -> Placement:
        """The device and precision that were taken, with a label for people."""
        with self.lock:
            if self._placement is None:
                size = self.files.weights.stat().st_size
                self._placement = place(self._device, weights_bytes=size)
            return self._placement

    @property
    def vision(self) -> Vision:
        """The vision tower, read on first use; raises as `rest`."""
        with self.lock:
            _ = self.rest
            found: Vision = self._vision
            return found

    @property
    def rest(self) -> Any:  # noqa: ANN401 - transformers ships no types
        """The model of transformers on its device, without the vision tower; read on first use.

        Raises:
            ModelError: the weights are damaged.
        """
        with self.lock:
            if self._rest is None:
                blip = build_blip(self.spec, self.files).to(self.placement.device)
                self._vision = Vision(blip.vision_model, heads=self.shape.heads, arithmetic=self.arithmetic)
                del blip.vision_model  # `Vision` has what it needs of it
                self._rest = blip
            return self._rest

    @property
    def arithmetic(self) -> Arithmetic:
        """How it multiplies."""
        return arithmetic_for(self.placement)

    @property
    def tokenizer(self) -> Any:  # noqa: ANN401 - transformers ships no types
        """Its tokenizer, read on first use."""
        with self.lock:
            if self._tokenizer is None:
                self._tokenizer = read_tokenizer(self.files.weights.parent)
            return self._tokenizer

    def look(self, pixels: Pixels) -> "torch.Tensor":
        """Pixels of a few pictures to float32 (n, tokens, width), on the device."""
        import torch

        with torch.inference_mode():
            return self.vision(normalised(pixels, self.fit, self.placement.device))

    def check(self, pixels: Pixels) -> None:
        """Raise ValueError where these are no pixels of this model's."""
        check_pixels(pixels, self.fit, self.spec.name)
