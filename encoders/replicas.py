"""Copies of one tower of a model, on a device and in a number format; the rest is shared with the model.

The model itself stays on the CPU, where its weights are pages of a mapped file that cost nothing until they are read.
"""

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

IMAGE_TOWER = "visual."  # open_clip's name for it in every model; everything else is the text tower's


def image_tower(model: Any, device: str, dtype: "torch.dtype") -> Any:  # noqa: ANN401 - open_clip ships no types
    """A model whose `encode_image` runs there: images (n, 3, height, width) of that type to (n, dim)."""
    return _replica(model, device, dtype, image=True)


def text_tower(model: Any, device: str, dtype: "torch.dtype") -> Any:  # noqa: ANN401 - as above
    """A model whose `encode_text` runs there."""
    return _replica(model, device, dtype, image=False)


def _replica(model: Any, device: str, dtype: "torch.dtype", *, image: bool) -> Any:  # noqa: ANN401 - as above
    """A copy of the model's modules in which the values of one tower are placed anew, and no other is copied."""
    there: dict[int, Any] = {}
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        there[id(value)] = _placed(value, device, dtype) if name.startswith(IMAGE_TOWER) is image else value
    return copy.deepcopy(model, there)


def _placed(value: "torch.Tensor", device: str, dtype: "torch.dtype") -> "torch.Tensor":
    import torch

    kind = dtype if value.is_floating_point() else value.dtype
    # Convolutions run up to twice as fast with channels last, and transformers no slower.
    layout = torch.channels_last if value.dim() == 4 else torch.preserve_format
    placed = value.detach().to(device, kind, memory_format=layout)
    return torch.nn.Parameter(placed, requires_grad=False) if isinstance(value, torch.nn.Parameter) else placed
