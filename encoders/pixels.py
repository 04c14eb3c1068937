"""Pixels as a model takes them: checked, and made the numbers it was trained on. Fitting them is `media`'s."""

from typing import TYPE_CHECKING

import numpy as np

from core.arrays import Pixels
from core.models import Preprocess

if TYPE_CHECKING:
    import torch


def check_pixels(pixels: Pixels, fit: Preprocess, name: str) -> None:
    """Raise ValueError where these are no pixels of this model's."""
    if pixels.dtype != np.uint8 or pixels.shape[1:] != (fit.height, fit.width, 3):
        raise ValueError(
            f"{name} takes uint8 pixels of shape (n, {fit.height}, {fit.width}, 3), "
            f"not {pixels.dtype} of shape {pixels.shape}"
        )


def normalised(pixels: Pixels, fit: Preprocess, device: str) -> "torch.Tensor":
    """(n, h, w, 3) uint8 to (n, 3, h, w) float32 on the device, as open_clip's and BLIP's own transforms do it."""
    import torch

    values = pixel_tensor(pixels).to(device).permute(0, 3, 1, 2).float().div_(255.0)
    mean, std = (torch.tensor(row, device=device).view(1, 3, 1, 1) for row in (fit.mean, fit.std))
    return values.sub_(mean).div_(std)


def pixel_tensor(pixels: Pixels) -> "torch.Tensor":
    """The same bytes for torch, uint8 (n, h, w, 3); copied only where torch could not use the array as it is."""
    import torch

    return torch.from_numpy(pixels if pixels.flags.writeable and pixels.flags.c_contiguous else pixels.copy())
