"""BLIP's vision tower: pixels to one vector for each patch, with the weights of transformers' model.

The sums are those of transformers' own forward; only how they are multiplied differs (`encoders.blip.arithmetic`).
"""

from typing import TYPE_CHECKING, Any

from encoders.blip.arithmetic import Arithmetic, Dense

if TYPE_CHECKING:
    import torch


class Vision:
    """A vision transformer with the class token first.

    Args:
        tower: transformers' BlipVisionModel, on its device.
        heads: of its attention.
        arithmetic: how to multiply.
    """

    def __init__(self, tower: Any, *, heads: int, arithmetic: Arithmetic) -> None:  # noqa: ANN401 - untyped
        self._embed = arithmetic.keep(tower.embeddings)
        self._norm = arithmetic.keep(tower.post_layernorm)
        self._layers = [_Layer(layer, heads, arithmetic) for layer in tower.encoder.layers]

    def __call__(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """float32 (n, 3, height, width), normalised, to float32 (n, tokens, width)."""
        import torch

        patches = self._embed.patch_embedding(pixels).flatten(2).transpose(1, 2)
        first = self._embed.class_embedding.expand(len(pixels), 1, -1)
        values = torch.cat([first, patches], 1) + self._embed.position_embedding
        for layer in self._layers:
            values = layer(values)
        seen: torch.Tensor = self._norm(values)
        return seen


class _Layer:
    def __init__(self, layer: Any, heads: int, arithmetic: Arithmetic) -> None:  # noqa: ANN401 - untyped
        self._heads = heads
        self._norms = arithmetic.keep(layer.layer_norm1), arithmetic.keep(layer.layer_norm2)
        self._qkv: Dense = arithmetic.dense(layer.self_attn.qkv)
        self._out: Dense = arithmetic.dense(layer.self_attn.projection)
        self._wide: Dense = arithmetic.dense(layer.mlp.fc1)
        self._narrow: Dense = arithmetic.dense(layer.mlp.fc2)
        self._bend = layer.mlp.activation_fn

    def __call__(self, values: "torch.Tensor") -> "torch.Tensor":
        n, tokens, width = values.shape
        parts = self._qkv(self._norms[0](values)).view(n, tokens, 3, self._heads, width // self._heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        looked = _attend(query, key, value).transpose(1, 2).reshape(n, tokens, width)
        values = values + self._out(looked)
        out: torch.Tensor = values + self._narrow(self._bend(self._wide(self._norms[1](values))))
        return out


def _attend(query: "torch.Tensor", key: "torch.Tensor", value: "torch.Tensor") -> "torch.Tensor":
    """Softmax attention over (n, heads, tokens, depth)."""
    import torch

    if query.dtype is torch.bfloat16 and query.device.type == "cpu":
        # torch's fused attention takes one and a half times as long here.
        weights: torch.Tensor = ((query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)).softmax(-1)
        return torch.matmul(weights, value)
    looked: torch.Tensor = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    return looked
