"""Pictures as large as a camera's, made of smaller ones."""

from pathlib import Path

import numpy as np
from PIL import Image


def make_large(source: Path, folder: Path, count: int) -> None:
    """`count` JPEGs of 4000 × 3000 pixels: photos enlarged, with the noise that a camera adds."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2)
    files = sorted(source.glob("*.jpg"))
    for number, file in enumerate(files[:: max(1, len(files) // count)][:count]):
        target = folder / f"large-{number:03d}.jpg"
        if not target.exists():
            large = Image.open(file).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC)
            noisy = np.asarray(large, np.float32) + 4.5 * rng.standard_normal((3000, 4000, 1), np.float32)
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(target, quality=88, subsampling=2)
