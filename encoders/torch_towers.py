"""Both towers of a CLIP model on torch: the reference, and what runs on every device.

Loads on first use. Where there are NVIDIA GPUs, pictures are shared out among them (`parallel`, `gpu_lane`), and the
model itself stays on the CPU, for copies to be made of it. Knows nothing of names, identities and exported graphs:
those are `encoders.clip`'s.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import Pixels, Vectors
from core.batches import PICTURES_AT_ONCE
from core.errors import ModelError
from core.models import Device, ModelSpec
from encoders.build import Towers, build_towers, how_to_mend
from encoders.device import Placement, Precision, gpu_names, multiplying, resolve_device
from encoders.gpu_lane import GpuLane
from encoders.parallel import Dealer
from encoders.pixels import normalised
from encoders.quiet import quiet
from encoders.replicas import image_tower, text_tower
from encoders.sources import ModelFiles, Source

if TYPE_CHECKING:
    import torch

_TEXTS_AT_ONCE = 64  # bounds memory; a query is one text


class TorchTowers:
    """A CLIP model in torch, loaded when first asked for a vector. Safe to share between threads.

    Args:
        spec, source, files: what `resolve` and `files_of` say.
        device: where to run it.
        placement: overrides `device` with a device and precision already chosen.
    """

    def __init__(
        self,
        spec: ModelSpec,
        source: Source,
        files: ModelFiles,
        *,
        device: Device = Device.AUTO,
        placement: Placement | None = None,
    ) -> None:
        self._spec = spec
        self._source = source
        self._files = files
        self._device = device
        self._placement = placement
        self._loaded: Towers | None = None
        self._text: Any = None  # on a GPU
        self._dealers: dict[Precision, Dealer] = {}
        self._lock = threading.RLock()

    @property
    def placement(self) -> Placement:
        """The device and precision that were taken, with a label for people. Imports torch."""
        with self._lock:
            if self._placement is None:
                size = self._files.weights.stat().st_size
                self._placement = resolve_device(self._device, weights_bytes=size)
            return self._placement

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3), n > 0, checked before, to float32 (n, dim), unit rows.

        Raises:
            ModelError: the weights are damaged, or give values that are not finite.
        """
        if self.placement.device == "cuda":
            return self._finite(self._encode_on_gpus(pixels))
        model = self.load().model
        return self._encode(model.encode_image, normalised(pixels, self._source.preprocess, self.placement.device))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts to float32 (n, dim), unit rows; raises as `encode_pixels`."""
        rows = [np.empty((0, self._spec.dim), np.float32)]
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            tokens = self.tokens(list(texts[start : start + _TEXTS_AT_ONCE]))
            rows.append(self._encode(self._text_tower().encode_text, tokens.to(self.placement.device)))
        return np.concatenate(rows)

    def tokens(self, texts: list[str], context_length: int | None = None) -> "torch.Tensor":
        """N texts to int64 (n, context_length) token ids; the model's own length unless another one is given."""
        with quiet():  # transformers remarks on every text that is cut
            tokens: torch.Tensor = self.load().tokenizer(
                texts, context_length=context_length or self._spec.context_length
            )
        return tokens

    def load(self) -> Towers:
        """The model in memory, on its device; on the CPU where that is cuda.

        Raises:
            ModelError: a file is damaged or a library is missing.
        """
        with self._lock:
            if self._loaded is None:
                import torch

                towers = build_towers(self._spec, self._source, self._files)
                if self.placement.device != "cuda":
                    towers.model.to(self.placement.device)
                    # Convolutions run up to twice as fast this way (RN50 on a CPU), and transformers no slower.
                    towers.model.visual.to(memory_format=torch.channels_last)
                self._loaded = towers
            return self._loaded

    @property
    def batch_size(self) -> int:
        """The pictures that a batch should have, for the devices to be busy. Imports torch."""
        return self._dealer().batch_size if self.placement.device == "cuda" else PICTURES_AT_ONCE

    def _text_tower(self) -> Any:  # noqa: ANN401 - open_clip ships no types
        if self.placement.device != "cuda":
            return self.load().model
        import torch

        with self._lock:
            if self._text is None:
                self._text = text_tower(self.load().model, self.placement.device, torch.float32)
            return self._text

    def _encode_on_gpus(self, pixels: Pixels) -> Vectors:
        rows = self._dealer().encode(pixels)
        wrong = ~np.isfinite(rows).all(axis=1)
        if wrong.any() and self.placement.precision is not Precision.FLOAT32:  # as in `_encode`
            rows[wrong] = self._dealer(Precision.FLOAT32).encode(pixels[wrong])
        return rows

    def _dealer(self, precision: Precision | None = None) -> Dealer:
        """The image tower on all GPUs; loaded on each when there is something for it to do."""
        kind = precision or self.placement.precision
        with self._lock:
            if kind not in self._dealers:
                lanes = [self._lane(gpu, kind) for gpu in gpu_names(self.placement.gpus)]
                self._dealers[kind] = Dealer(lanes, dim=self._spec.dim)
            return self._dealers[kind]

    def _lane(self, device: str, precision: Precision) -> GpuLane:
        import torch

        dtype = torch.float16 if precision is Precision.FLOAT16 else torch.float32
        return GpuLane(
            device,
            lambda: image_tower(self.load().model, device, dtype).encode_image,
            dtype=dtype,
            fit=self._source.preprocess,
        )

    def _encode(self, tower: Any, batch: "torch.Tensor") -> Vectors:  # noqa: ANN401 - open_clip ships no types
        rows = _unit_rows(tower, batch, self.placement)
        if not np.isfinite(rows).all() and self.placement.precision is not Precision.FLOAT32:
            # float16 overflows in some models' attention; float32 does not.
            rows = _unit_rows(tower, batch, replace(self.placement, precision=Precision.FLOAT32))
        return self._finite(rows)

    def _finite(self, rows: Vectors) -> Vectors:
        if not np.isfinite(rows).all():
            raise ModelError(f"{self._spec.name} gives values that are not finite: {how_to_mend(self._spec)}")
        return rows


def _unit_rows(tower: Any, batch: "torch.Tensor", placement: Placement) -> Vectors:  # noqa: ANN401 - open_clip ships no types
    from torch.nn.functional import normalize

    with multiplying(placement):
        rows: Vectors = normalize(tower(batch).float(), dim=-1).cpu().numpy()
    return rows
