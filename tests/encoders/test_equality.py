"""ClipEncoder against plain open_clip, on real photos."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.models import Device
from encoders import ClipEncoder
from encoders.device import Precision, resolve_device
from encoders.names import resolve
from encoders.sources import ModelFiles
from tests.encoders.placing import FLOAT32, placed

TEXTS = ["a photo of a dog", "", "Ein Schiff auf dem Meer!", "word " * 200]


def reference(
    name: str, photos: list[Path], texts: list[str], **build: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Plain open_clip: fitted uint8 pixels, picture vectors, text vectors."""
    import open_clip
    import torch
    from PIL import Image

    logging.getLogger().addHandler(logging.NullHandler())  # else open_clip's logging installs one on stderr
    model, _, preprocess = open_clip.create_model_and_transforms(name, **build)
    model.eval()
    fitted, tensors = [], []
    to_tensor = next(i for i, step in enumerate(preprocess.transforms) if type(step).__name__.endswith("ToTensor"))
    for photo in photos:
        with Image.open(photo) as image:
            picture = image.convert("RGB")
        tensors.append(preprocess(picture))
        for step in preprocess.transforms[:to_tensor]:
            picture = step(picture)
        fitted.append(np.asarray(picture))
    with torch.no_grad():
        pictures = model.encode_image(torch.stack(tensors), normalize=True).numpy()
        words = model.encode_text(open_clip.get_tokenizer(name)(texts), normalize=True).numpy()
    return np.stack(fitted), pictures, words


def cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (rows.astype(np.float64) * others.astype(np.float64)).sum(axis=1)


def photos_of(test_data: Path, n: int) -> list[Path]:
    return sorted((test_data / "photos").iterdir())[:n]


def test_equals_plain_open_clip_on_photos(tiny_clip: str, test_data: Path) -> None:
    pixels, pictures, words = reference(tiny_clip, photos_of(test_data, 20), TEXTS)
    encoder = placed(tiny_clip, FLOAT32)
    np.testing.assert_allclose(encoder.encode_pixels(pixels), pictures, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), words, atol=1e-5)


@pytest.mark.skipif(resolve_device(Device.CPU).precision is not Precision.BF16_PRODUCTS, reason="this CPU has no AMX")
def test_products_in_bfloat16_stay_close_to_float32(tiny_clip: str, test_data: Path) -> None:
    pixels, pictures, words = reference(tiny_clip, photos_of(test_data, 20), TEXTS)
    encoder = placed(tiny_clip, resolve_device(Device.CPU))
    rows = encoder.encode_pixels(pixels)
    # The tiny model exaggerates (its attention is sharpened); at full size it is 0.99999.
    assert cosines(rows, pictures).min() > 0.999
    assert not np.array_equal(rows, placed(tiny_clip, FLOAT32).encode_pixels(pixels)), "they were not float32's"
    assert cosines(encoder.encode_texts(TEXTS), words).min() > 0.999


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["ViT-B-32-quickgelu", "RN50-quickgelu"])
def test_equals_plain_open_clip_at_full_size(architecture: str, test_data: Path, tmp_path: Path) -> None:
    """The shapes of OpenAI's two kinds of image tower, with random weights in the place of theirs."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    weights = tmp_path / "open_clip_model.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = open_clip.create_model(architecture)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, weights)
    del model
    pixels, pictures, words = reference(architecture, photos_of(test_data, 4), TEXTS, pretrained=str(weights))

    spec, source = resolve({"ViT-B-32-quickgelu": "ViT-B-32", "RN50-quickgelu": "RN50"}[architecture])
    files = ModelFiles(weights=weights, folder=None, tokenizer=None, text_config=None)
    exact = ClipEncoder(spec, source, files, placement=FLOAT32)
    assert exact.info.logit_scale == pytest.approx(1 / 0.07, rel=1e-6)
    assert cosines(exact.encode_pixels(pixels), pictures).min() > 0.9999
    assert cosines(exact.encode_texts(TEXTS), words).min() > 0.9999

    chosen = ClipEncoder(spec, source, files)
    batch = chosen.encode_pixels(pixels)
    assert cosines(batch, pictures).min() > 0.9995, "0.99985 in eight bits, 0.99995 in bfloat16"
    alone = np.concatenate([chosen.encode_pixels(pixels[i : i + 1]) for i in range(len(pixels))])
    np.testing.assert_allclose(batch, alone, atol=1e-3)
