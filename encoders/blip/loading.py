"""BLIP models by name."""

from core.models import Device, ModelTask
from encoders.blip.reranker import BlipReranker
from encoders.device import Placement, resolve_device
from encoders.weights import find_files


def load_reranker(name: str, *, device: Device = Device.AUTO, download: bool = False) -> BlipReranker:
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
    spec, _, files = find_files(ModelTask.RERANK, name, download=download)
    return BlipReranker(spec, files, device=device, placement=_checked(device))


def _checked(device: Device) -> Placement | None:
    """A device asked for by name is looked for at once; `auto` and `cpu` cannot fail and need no torch yet."""
    return resolve_device(device) if device in {Device.CUDA, Device.MPS} else None
