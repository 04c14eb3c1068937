"""Both towers of a CLIP model behind core's Encoder Protocol: pixels and texts to unit vectors.

Loads on first use. What a picture is fitted to is said in `info.preprocess` and done in `media`; here the pixels are
normalised and encoded.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import ModelError
from core.models import Device, EncoderInfo, ModelSpec, ModelTask
from encoders.build import Towers, build_towers, how_to_mend
from encoders.device import Placement, Precision, multiplying, resolve_device
from encoders.pixels import check_pixels, normalised
from encoders.quiet import quiet
from encoders.sources import ModelFiles, Source
from encoders.text import cut_off
from encoders.weights import find_files
from encoders.weights_file import read_logit_scale, weights_hash

if TYPE_CHECKING:
    import torch

_TEXTS_AT_ONCE = 64  # bounds memory; a query is one text


def load_encoder(name: str, *, device: Device = Device.AUTO, download: bool = False) -> "ClipEncoder":
    """The encoder of a model, by any name `find_model` knows. The weights are read on first use.

    Args:
        name: "ViT-B-32", "ViT-B-32:laion2b_s34b_b79k", "hf-hub:org/repo", "local-dir:/a/folder".
        device: where to run it.
        download: fetch the weights where they are not in the cache; otherwise the network is never used.

    Raises:
        UnknownModel: no such model.
        UsageError: a model that does not index: a reranker, say.
        WeightsMissing: its weights are not here (and could not be fetched).
        DeviceError: the device is not there.
    """
    spec, source, files = find_files(ModelTask.CLIP, name, download=download)
    # A device asked for by name is looked for at once; `auto` and `cpu` cannot fail and need no torch yet.
    placement = resolve_device(device) if device in {Device.CUDA, Device.MPS} else None
    return ClipEncoder(spec, source, files, device=device, placement=placement)


class ClipEncoder:
    """A CLIP model, loaded when first asked for a vector. Safe to share between threads.

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
        self.spec = spec
        self._source = source
        self._files = files
        self._device = device
        self._placement = placement
        self._towers: Towers | None = None
        self._info: EncoderInfo | None = None
        self._lock = threading.RLock()

    @property
    def info(self) -> EncoderInfo:
        """Name, dim, preprocessing, identity. Reads the weights' hash and one number of them, not the weights."""
        with self._lock:
            if self._info is None:
                scale = read_logit_scale(self._files.weights)
                self._info = EncoderInfo(
                    name=self.spec.name,
                    dim=self.spec.dim,
                    preprocess=self._source.preprocess,
                    weights_hash=weights_hash(self._files.weights),
                    logit_scale=scale if scale is not None else self._load().logit_scale,
                    context_length=self.spec.context_length,
                    languages=self.spec.languages,
                )
            return self._info

    @property
    def placement(self) -> Placement:
        """The device and precision that were taken, with a label for people."""
        with self._lock:
            if self._placement is None:
                size = self._files.weights.stat().st_size
                self._placement = resolve_device(self._device, weights_bytes=size)
            return self._placement

    @property
    def device(self) -> str:
        """The device that was taken: "cpu", "cuda" or "mps"."""
        return self.placement.device

    @property
    def precision(self) -> str:
        """How it multiplies, "float16" for example."""
        return self.placement.precision.value

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float32 (n, dim), unit rows.

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged, or give values that are not finite.
        """
        fit = self._source.preprocess
        check_pixels(pixels, fit, self.spec.name)
        if not len(pixels):
            return np.empty((0, self.spec.dim), np.float32)
        return self._encode(self._load().model.encode_image, normalised(pixels, fit, self.device))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts to float32 (n, dim), unit rows; what does not fit the context length is cut.

        Raises:
            ModelError: the weights are damaged, or give values that are not finite.
        """
        rows = [np.empty((0, self.spec.dim), np.float32)]
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            tokens = self._tokens(list(texts[start : start + _TEXTS_AT_ONCE]))
            rows.append(self._encode(self._load().model.encode_text, tokens.to(self.device)))
        return np.concatenate(rows)

    def cut_off(self, text: str) -> str:
        """The end of `text` that does not fit the context length; empty where all of it fits."""
        return cut_off(text, self._tokens, self.spec.context_length)

    def _load(self) -> Towers:
        with self._lock:
            if self._towers is None:
                import torch

                towers = build_towers(self.spec, self._source, self._files)
                towers.model.to(self.device)
                # Convolutions run up to twice as fast this way (RN50 on a CPU), and transformers no slower.
                towers.model.visual.to(memory_format=torch.channels_last)
                self._towers = towers
            return self._towers

    def _tokens(self, texts: list[str], context_length: int | None = None) -> "torch.Tensor":
        with quiet():  # transformers remarks on every text that is cut
            tokens: torch.Tensor = self._load().tokenizer(
                texts, context_length=context_length or self.spec.context_length
            )
        return tokens

    def _encode(self, tower: Any, batch: "torch.Tensor") -> Vectors:  # noqa: ANN401 - open_clip ships no types
        rows = _unit_rows(tower, batch, self.placement)
        if not np.isfinite(rows).all() and self.placement.precision is not Precision.FLOAT32:
            # float16 overflows in some models' attention; float32 does not.
            rows = _unit_rows(tower, batch, replace(self.placement, precision=Precision.FLOAT32))
        if not np.isfinite(rows).all():
            raise ModelError(f"{self.spec.name} gives values that are not finite: {how_to_mend(self.spec)}")
        return rows


def _unit_rows(tower: Any, batch: "torch.Tensor", placement: Placement) -> Vectors:  # noqa: ANN401 - open_clip ships no types
    from torch.nn.functional import normalize

    with multiplying(placement):
        rows: Vectors = normalize(tower(batch).float(), dim=-1).cpu().numpy()
    return rows
