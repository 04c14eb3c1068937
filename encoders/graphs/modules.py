"""The towers of an open_clip model as modules that can be traced: pixels or token ids in, unit rows out.

A text is as long as its tokens where the model allows it: what comes after the end of a text changes nothing under a
causal mask, nor under a mask of the padding. For a query of six words this is a quarter of the work.
"""

from typing import Any

import torch
from torch.nn.functional import normalize

from core.models import Preprocess

END = "end"
PADDING = "padding:"


class ImageModule(torch.nn.Module):
    """uint8 (n, height, width, 3) to float32 (n, dim), unit rows; the normalisation of the pixels is part of it."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, visual: torch.nn.Module, fit: Preprocess) -> None:
        super().__init__()
        self.visual = visual
        self.register_buffer("mean", torch.tensor(fit.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(fit.std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """As the class says."""
        values = pixels.permute(0, 3, 1, 2).float() / 255.0
        return normalize(self.visual((values - self.mean) / self.std), dim=-1)


class WholeText(torch.nn.Module):
    """int64 (n, context length) token ids to float32 (n, dim), unit rows."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 - open_clip ships no types
        super().__init__()
        self.model = model

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """As the class says."""
        return normalize(self.model.encode_text(tokens), dim=-1)


class CausalText(torch.nn.Module):
    """int64 (n, any length) token ids to float32 (n, dim), unit rows: open_clip's own text tower with a causal mask."""

    def __init__(self, tower: Any) -> None:  # noqa: ANN401 - as above
        super().__init__()
        self.tower = tower

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """As the class says."""
        tower, length = self.tower, tokens.shape[1]
        values = tower.token_embedding(tokens) + tower.positional_embedding[:length]
        values = tower.transformer(values, attn_mask=tower.attn_mask[:length, :length])
        values = tower.ln_final(values)
        values = values[torch.arange(values.shape[0]), tokens.argmax(dim=-1)]
        projection = tower.text_projection
        if projection is not None:
            values = projection(values) if isinstance(projection, torch.nn.Linear) else values @ projection
        return normalize(values, dim=-1)


def text_modules(model: Any) -> list[tuple[torch.nn.Module, str]]:  # noqa: ANN401 - as above
    """What may be tried for a model's text tower, best first, each with its rule for cutting (see `store.Graph`)."""
    tower = getattr(model, "text", model)
    pool = getattr(model, "text_pool_type", None) or getattr(tower, "pool_type", None)
    tried: list[tuple[torch.nn.Module, str]] = []
    if getattr(tower, "attn_mask", None) is not None and pool == "argmax" and getattr(tower, "cls_emb", None) is None:
        tried.append((CausalText(tower), END))
    padding = getattr(getattr(tower, "config", None), "pad_token_id", None)
    if padding is not None:  # a tower of transformers, which masks the padding
        tried.append((WholeText(model), f"{PADDING}{padding}"))
    return [*tried, (WholeText(model), "")]
