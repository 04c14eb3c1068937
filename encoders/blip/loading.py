"""BLIP models by name; what they are made of is imported by the first of them."""

from typing import TYPE_CHECKING, TypeVar

from core.models import Device, ModelTask
from encoders.device import resolve_device
from encoders.weights import find_files

if TYPE_CHECKING:
    from encoders.blip.model import BlipModel
    from encoders.blip.reranker import BlipReranker
    from encoders.blip.writing import BlipAnswerer, BlipCaptioner

M = TypeVar("M", bound="BlipModel")


def load_reranker(name: str, *, device: Device = Device.AUTO, download: bool = False) -> "BlipReranker":
    """The reranker of a name. The weights are read on first use.

    Args:
        name: "blip-itm-base-coco", "hf-hub:org/repo", "local-dir:/a/folder".
        device: where to run it.
        download: fetch the weights where they are not in the cache; otherwise the network is never used.

    Raises:
        UnknownModel: no such model.
        UsageError: a model that does not rerank.
        WeightsMissing: its weights are not here (and could not be fetched).
        ModelError: its configuration cannot be read, or asks for preprocessing that `search` does not do.
        DeviceError: the device is not there.
    """
    from encoders.blip.reranker import BlipReranker

    return _load(BlipReranker, ModelTask.RERANK, name, device=device, download=download)


def load_captioner(name: str, *, device: Device = Device.AUTO, download: bool = False) -> "BlipCaptioner":
    """The captioner of a name ("blip-caption-base"); as `load_reranker`."""
    from encoders.blip.writing import BlipCaptioner

    return _load(BlipCaptioner, ModelTask.CAPTION, name, device=device, download=download)


def load_answerer(name: str, *, device: Device = Device.AUTO, download: bool = False) -> "BlipAnswerer":
    """The model that answers questions of a name ("blip-vqa-base"); as `load_reranker`."""
    from encoders.blip.writing import BlipAnswerer

    return _load(BlipAnswerer, ModelTask.ANSWER, name, device=device, download=download)


def _load(kind: type[M], task: ModelTask, name: str, *, device: Device, download: bool) -> M:
    spec, _, files = find_files(task, name, download=download)
    # A device asked for by name is looked for at once; `auto` and `cpu` cannot fail and need no torch yet.
    placement = resolve_device(device) if device in {Device.CUDA, Device.MPS} else None
    return kind(spec, files, device=device, placement=placement)
