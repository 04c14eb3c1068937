"""BLIP's text tower: a text read alone, or with a picture at hand; only the first token's vector is wanted.

With a picture, each layer looks from the text's few tokens (about ten) at the picture's many (577). transformers first
makes keys and values of all 577 in every layer, nine tenths of the work of a pair. But a query's product with a key is

    q · (K x + b)  =  (Kᵀ q) · x + q · b

and what is the same for every x changes nothing after the softmax, so that the queries can be taken to the picture's
side once instead: ten products in place of 577. The values likewise: Σ w (V x + b) = V (Σ w x) + b. The sums are those
of transformers' forward, and a pair costs a quarter. Where one picture meets many texts its keys and values are made
once, which is less still. The last layer is computed for the first token alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from encoders.blip.arithmetic import Arithmetic, Dense
from encoders.blip.words import Tokens

if TYPE_CHECKING:
    import torch

KEYS_FROM = 8
"""Texts. From here on one picture's keys and values, made once, cost less than taking each text's queries to it."""


class TextTower:
    """The text encoder of a BLIP.

    Args:
        tower: transformers' BlipTextModel, on its device.
        heads: of its attention.
        arithmetic: how to multiply.
    """

    def __init__(self, tower: Any, *, heads: int, arithmetic: Arithmetic) -> None:  # noqa: ANN401 - untyped
        self._embed = arithmetic.keep(tower.embeddings)
        self._layers = [_Layer(layer, heads, arithmetic) for layer in tower.encoder.layer]
        self._arithmetic = arithmetic

    def alone(self, tokens: Tokens) -> "torch.Tensor":
        """The first token's vector of each text, float32 (n, width)."""
        return self._read(tokens, [None] * len(self._layers))

    def together(self, tokens: Tokens, seen: "torch.Tensor") -> "torch.Tensor":
        """The same, read with pictures at hand.

        Args:
            tokens: n texts.
            seen: (n, tokens, width), or (1, tokens, width) where all texts meet one picture.
        """
        seen = seen.to(self._arithmetic.device, self._arithmetic.dtype)
        if len(seen) == 1 and len(tokens.ids) >= KEYS_FROM:
            return self._read(tokens, [layer.cross.keyed(seen) for layer in self._layers])
        seen = seen.expand(len(tokens.ids), -1, -1)
        return self._read(tokens, [Looked(seen)] * len(self._layers))

    def _read(self, tokens: Tokens, pictures: "list[Looked | None]") -> "torch.Tensor":
        """Through all layers."""
        device = self._arithmetic.device
        places = self._embed.position_embeddings.weight[: tokens.ids.shape[1]]
        values = self._embed.LayerNorm(self._embed.word_embeddings(tokens.ids.to(device)) + places)
        unread = (1.0 - tokens.mask.to(device).float())[:, None, None] * -1e30
        for number, (layer, seen) in enumerate(zip(self._layers, pictures, strict=True)):
            values = layer(values, unread, seen, first_only=number == len(self._layers) - 1)
        first: torch.Tensor = values[:, 0]
        return first


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a layer looks at.

    Attributes:
        values: (n, tokens, width) a picture for each text; or the values (heads, tokens, depth) of one picture.
        keys: its keys (heads, tokens, depth); None where each text has its picture.
    """

    values: "torch.Tensor"
    keys: "torch.Tensor | None" = None


class _Layer:
    def __init__(self, layer: Any, heads: int, arithmetic: Arithmetic) -> None:  # noqa: ANN401 - untyped
        own = layer.attention
        self._heads = heads
        # A text attends to itself in float32: a tenth more time, and half the error of bfloat16 scores.
        self._qkv: Dense = arithmetic.precise.dense(own.self.query, own.self.key, own.self.value)
        self._out: Dense = arithmetic.dense(own.output.dense)
        self._norm = arithmetic.keep(own.output.LayerNorm)
        self.cross = _Cross(layer.crossattention, heads, arithmetic)
        self._wide: Dense = arithmetic.dense(layer.intermediate.dense)
        self._narrow: Dense = arithmetic.dense(layer.output.dense)
        self._bend = layer.intermediate.intermediate_act_fn
        self._last_norm = arithmetic.keep(layer.output.LayerNorm)

    def __call__(
        self, values: "torch.Tensor", unread: "torch.Tensor", seen: Looked | None, *, first_only: bool
    ) -> "torch.Tensor":
        n, tokens, width = values.shape
        parts = self._qkv(values).view(n, tokens, 3, self._heads, width // self._heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts
        if first_only:
            query, values = query[:, :, :1], values[:, :1]
        scores = (query @ key.transpose(-1, -2)) * query.shape[-1] ** -0.5 + unread
        looked = (scores.softmax(-1) @ value).transpose(1, 2).reshape(n, -1, width)
        values = self._norm(values + self._out(looked))
        if seen is not None:
            values = self.cross(values, seen)
        out: torch.Tensor = self._last_norm(values + self._narrow(self._bend(self._wide(values))))
        return out


class _Cross:
    """One layer's look at the picture."""

    def __init__(self, attention: Any, heads: int, arithmetic: Arithmetic) -> None:  # noqa: ANN401 - untyped
        look = attention.self
        self._heads = heads
        self._depth = look.query.weight.shape[0] // heads
        self._query: Dense = arithmetic.dense(look.query)
        self._key = arithmetic.weight(look.key.weight).view(heads, self._depth, -1)
        self._value = arithmetic.weight(look.value.weight).view(heads, self._depth, -1)
        self._value_bias = look.value.bias.detach().clone()
        self._out: Dense = arithmetic.dense(attention.output.dense)
        self._norm = arithmetic.keep(attention.output.LayerNorm)

    def keyed(self, seen: "torch.Tensor") -> Looked:
        """Keys and values of one picture, (1, tokens, width), for any number of texts; biases left out as above."""
        return Looked(seen @ self._value.transpose(1, 2), seen @ self._key.transpose(1, 2))

    def __call__(self, values: "torch.Tensor", seen: Looked) -> "torch.Tensor":
        n, tokens, width = values.shape
        query = (self._query(values) * self._depth**-0.5).view(n * tokens, self._heads, self._depth).transpose(0, 1)
        look = self._at_each(query, seen.values, n) if seen.keys is None else _attend(query, seen.keys, seen.values)
        looked = look.transpose(0, 1).reshape(n, tokens, width) + self._value_bias
        out: torch.Tensor = self._norm(values + self._out(looked))
        return out

    def _at_each(self, query: "torch.Tensor", seen: "torch.Tensor", n: int) -> "torch.Tensor":
        """Queries (heads, n × tokens, depth) at a picture each, (n, tokens, width), to the same shape."""
        heads, rows, _ = query.shape
        taken = (query @ self._key).view(heads, n, rows // n, -1).transpose(0, 1).reshape(n, heads * (rows // n), -1)
        looked = _attend(taken, seen, seen).view(n, heads, rows // n, -1).transpose(0, 1).reshape(heads, rows, -1)
        return looked @ self._value.transpose(1, 2)


def _attend(query: "torch.Tensor", keys: "torch.Tensor", values: "torch.Tensor") -> "torch.Tensor":
    """Softmax attention over (…, rows, depth); the queries are scaled already."""
    return (query @ keys.transpose(-1, -2)).softmax(-1) @ values
