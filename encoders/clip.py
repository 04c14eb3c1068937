"""Both towers of a CLIP model behind core's Encoder Protocol: pixels and texts to unit vectors.

Says what is known of a model (name, dim, identity), and leaves the encoding to towers, loaded on first use: on a CPU
exported graphs (`encoders.graphs`) where they are to be had, else torch. What a picture is fitted to is said in
`info.preprocess` and done in `media`.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.arrays import Pixels, Vectors
from core.batches import PICTURES_AT_ONCE
from core.models import Device, EncoderInfo, ModelSpec, ModelTask
from encoders import remembered
from encoders.device import Placement, certainly_cpu, resolve_device
from encoders.graphs import GraphTowers, Tower
from encoders.graphs.store import folder_of
from encoders.pixels import check_pixels
from encoders.sources import ModelFiles, Source
from encoders.text import cut_off
from encoders.torch_towers import TorchTowers
from encoders.weights import find_files
from encoders.weights_file import read_logit_scale, weights_hash

FEW_TEXTS = 16
"""So many texts are encoded on the CPU before a GPU is started for them, which takes seconds."""


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
        placement: overrides `device` with a device and precision already chosen, for torch.
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
        self._torch = TorchTowers(spec, source, files, device=device, placement=placement)
        on_cpu = placement is None and device in {Device.AUTO, Device.CPU}
        self._graphs = GraphTowers(spec, source, files) if on_cpu else None
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
                    logit_scale=scale if scale is not None else self._torch.load().logit_scale,
                    context_length=self.spec.context_length,
                    languages=self.spec.languages,
                )
            return self._info

    @property
    def placement(self) -> Placement:
        """The device and precision that were taken, with a label for people."""
        return self._torch.placement

    @property
    def device(self) -> str:
        """The device that was taken: "cpu", "cuda" or "mps"."""
        return self.placement.device

    @property
    def precision(self) -> str:
        """How it multiplies, "float16" for example."""
        return self.placement.precision.value

    @property
    def batch_size(self) -> int:
        """The pictures that a batch should have for the device to be busy; may start a GPU, which takes seconds."""
        return PICTURES_AT_ONCE if self._on_cpu() else self._torch.batch_size

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        """uint8 (n, height, width, 3) RGB fitted by `info.preprocess` to float32 (n, dim), unit rows.

        Raises:
            ValueError: another shape or type.
            ModelError: the weights are damaged, or give values that are not finite.
        """
        check_pixels(pixels, self._source.preprocess, self.spec.name)
        if not len(pixels):
            return np.empty((0, self.spec.dim), np.float32)
        if self._graphs is not None and self._on_cpu():
            rows = self._graphs.encode_pixels(pixels)
            if rows is not None:
                return rows
        return self._torch.encode_pixels(pixels)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts to float32 (n, dim), unit rows; what does not fit the context length is cut.

        Raises:
            ModelError: the weights are damaged, or give values that are not finite.
        """
        if self._graphs is not None and texts and (len(texts) <= FEW_TEXTS or self._on_cpu()):
            rows = self._graphs.encode_texts(texts)
            if rows is not None:
                return rows
        return self._torch.encode_texts(texts)

    def recall(self, texts: Sequence[str]) -> Vectors | None:
        """As `core.protocols.TextMemory.recall`."""
        return remembered.recall(self._folder(), texts, self.spec.dim)

    def remember(self, texts: Sequence[str], rows: Vectors) -> None:
        """As `core.protocols.TextMemory.remember`."""
        remembered.remember(self._folder(), texts, rows)

    def cut_off(self, text: str) -> str:
        """The end of `text` that does not fit the context length; empty where all of it fits."""
        tokenizer = self._graphs.tokenizer() if self._graphs is not None else None
        return cut_off(text, tokenizer or self._torch.tokens, self.spec.context_length)

    def prepare(self) -> None:
        """Make the exported graphs that later runs on the CPU would make; `how` says what came of it."""
        if self._graphs is not None:
            if self._on_cpu():
                self._graphs.load(Tower.IMAGE)
            self._graphs.load(Tower.TEXT)

    def how(self, tower: Tower) -> str:
        """What encodes texts or pictures, for people: "exported graph, float32", "torch (why there is no graph)"."""
        arithmetic = self._graphs.arithmetic(tower) if self._graphs is not None else None
        if arithmetic is not None:
            return f"exported graph, {arithmetic}"
        why_not = self._graphs.why_not(tower) if self._graphs is not None else ""
        return f"torch ({why_not})" if why_not else "torch"

    def _folder(self) -> Path:
        return folder_of(self.spec, self._source, self._files)

    def _on_cpu(self) -> bool:
        return certainly_cpu(self._device) or self._torch.placement.device == "cpu"
