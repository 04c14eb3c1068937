"""Both towers of a CLIP model on torch: the reference, and what runs on every device.

Loads on first use. Knows nothing of names, identities and exported graphs: those are `encoders.clip`'s.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import ModelError
from core.models import Device, ModelSpec
from encoders.build import Towers, build_towers, how_to_mend
from encoders.device import Placement, Precision, multiplying, resolve_device
from encoders.pixels import normalised
from encoders.quiet import quiet
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
        model = self.load().model
        return self._encode(model.encode_image, normalised(pixels, self._source.preprocess, self.placement.device))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts to float32 (n, dim), unit rows; raises as `encode_pixels`."""
        rows = [np.empty((0, self._spec.dim), np.float32)]
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            tokens = self.tokens(list(texts[start : start + _TEXTS_AT_ONCE]))
            rows.append(self._encode(self.load().model.encode_text, tokens.to(self.placement.device)))
        return np.concatenate(rows)

    def tokens(self, texts: list[str], context_length: int | None = None) -> "torch.Tensor":
        """N texts to int64 (n, context_length) token ids; the model's own length unless another one is given."""
        with quiet():  # transformers remarks on every text that is cut
            tokens: torch.Tensor = self.load().tokenizer(
                texts, context_length=context_length or self._spec.context_length
            )
        return tokens

    def load(self) -> Towers:
        """The model in memory, on its device. Raises ModelError where a file is damaged or a library is missing."""
        with self._lock:
            if self._loaded is None:
                import torch

                towers = build_towers(self._spec, self._source, self._files)
                towers.model.to(self.placement.device)
                # Convolutions run up to twice as fast this way (RN50 on a CPU), and transformers no slower.
                towers.model.visual.to(memory_format=torch.channels_last)
                self._loaded = towers
            return self._loaded

    def _encode(self, tower: Any, batch: "torch.Tensor") -> Vectors:  # noqa: ANN401 - open_clip ships no types
        rows = _unit_rows(tower, batch, self.placement)
        if not np.isfinite(rows).all() and self.placement.precision is not Precision.FLOAT32:
            # float16 overflows in some models' attention; float32 does not.
            rows = _unit_rows(tower, batch, replace(self.placement, precision=Precision.FLOAT32))
        if not np.isfinite(rows).all():
            raise ModelError(f"{self._spec.name} gives values that are not finite: {how_to_mend(self._spec)}")
        return rows


def _unit_rows(tower: Any, batch: "torch.Tensor", placement: Placement) -> Vectors:  # noqa: ANN401 - open_clip ships no types
    from torch.nn.functional import normalize

    with multiplying(placement):
        rows: Vectors = normalize(tower(batch).float(), dim=-1).cpu().numpy()
    return rows
