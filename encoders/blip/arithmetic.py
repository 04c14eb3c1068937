"""Matrix products in the number format that a device is quick in; everything between them stays float32.

A CPU with bf16 units takes half the time for a product of bfloat16 matrices, and weights that are laid out for it
beforehand save another fifth; a GPU takes a fraction. Sums, norms and the residual stream are float32, so that errors
do not add up from layer to layer: half of those of a model in bfloat16 throughout.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from core.models import Device
from encoders.device import WORTH_IT_BYTES, Placement, Precision, cpu_has_bf16, resolve_device

if TYPE_CHECKING:
    import torch

M = TypeVar("M", bound=Any)  # torch.nn.Module, untyped at this distance


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How a BLIP multiplies on one device."""

    device: str  # torch's name
    dtype: "torch.dtype"  # of what is multiplied

    @property
    def exact(self) -> bool:
        """True where products are float32's too: the reference."""
        import torch

        return self.dtype is torch.float32

    @property
    def precise(self) -> "Arithmetic":
        """The same device in float32, for what errs most for its cost."""
        import torch

        return Arithmetic(self.device, torch.float32)

    def dense(self, *layers: Any) -> "Dense":  # noqa: ANN401 - torch.nn.Linear, untyped at this distance
        """The product with one linear layer, or with several at once, their outputs side by side."""
        return Dense(layers, self)

    def keep(self, layer: M) -> M:
        """A layer that is used as it is; copied where others are, so that nothing holds on to the file's pages."""
        if not self.exact:
            for value in layer.parameters():
                value.data = value.data.clone()
        return layer

    def weight(self, weight: "torch.Tensor") -> "torch.Tensor":
        """A weight as it is multiplied."""
        return weight.detach().to(self.device, self.dtype)


def place(device: Device, *, weights_bytes: int) -> Placement:
    """The device to run on, and bfloat16 where it is quick there. Raises as `resolve_device`."""
    import torch

    taken = resolve_device(device, weights_bytes=weights_bytes)
    if taken.device == "cuda":  # one GPU, of however many
        ampere = torch.cuda.get_device_capability() >= (8, 0)
        precision = Precision.BFLOAT16 if ampere else Precision.FLOAT32  # float16 overflows in some models' attention
        return Placement("cuda", precision, f"{torch.cuda.get_device_name()} (cuda), {precision}")
    if taken.device == "cpu" and weights_bytes >= WORTH_IT_BYTES and cpu_has_bf16():
        return Placement("cpu", Precision.BFLOAT16, f"CPU, {Precision.BFLOAT16}")
    return taken


def arithmetic_for(placement: Placement) -> Arithmetic:
    """How to multiply in a placement's precision."""
    import torch

    quick = placement.precision is Precision.BFLOAT16
    return Arithmetic(placement.device, torch.bfloat16 if quick else torch.float32)


class Dense:
    """A linear layer: (…, width) of any type to (…, out) of the arithmetic's.

    Args:
        layers: torch.nn.Linear, of the same input; shares their memory in float32 and keeps a copy otherwise.
        arithmetic: how to multiply.
    """

    def __init__(self, layers: tuple[Any, ...], arithmetic: Arithmetic) -> None:
        import torch

        weights = [arithmetic.weight(layer.weight) for layer in layers]
        biases = [arithmetic.weight(layer.bias) for layer in layers]
        self._weight = weights[0] if len(weights) == 1 else torch.cat(weights)
        self._bias = biases[0] if len(biases) == 1 else torch.cat(biases)
        self._packed = _packing(arithmetic)
        if self._packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight)

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        """The layer's output."""
        import torch

        values = values.to(self._bias.dtype)
        if self._packed:
            product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
                values.contiguous(), self._weight, self._bias, "none", [], ""
            )
            return product
        return torch.nn.functional.linear(values, self._weight, self._bias)


def _packing(arithmetic: Arithmetic) -> bool:
    """Whether weights can be laid out beforehand. What torch.compile does on a CPU; without it all works, slower."""
    import torch

    if arithmetic.device != "cpu" or arithmetic.exact or not cpu_has_bf16():
        return False
    return all(hasattr(torch.ops.mkldnn, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))
