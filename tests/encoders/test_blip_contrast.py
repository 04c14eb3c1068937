"""BLIP's towers apart: the same cosines as the reranker gives pair by pair, and as transformers does."""

import numpy as np

from encoders import load_reranker
from encoders.blip.contrast import BlipContrast
from tests.tiny_blip import MODEL_FOLDER, draw, make_scenes
from tests.tiny_blip.scoring import TinyBlip

NAME = f"local-dir:{MODEL_FOLDER}"


def test_its_cosines_are_the_rerankers_and_those_of_transformers() -> None:
    scenes = make_scenes(7, 12)
    pictures = [draw(scene, size=64, seed=number) for number, scene in enumerate(scenes)]
    pixels = np.stack([np.asarray(picture) for picture in pictures])
    captions = [f"{scene.caption.capitalize()}." for scene in scenes]  # cleaned, as the reranker cleans them
    reranker = load_reranker(NAME)
    towers = BlipContrast(reranker)
    shown, said = towers.encode_pixels(pixels), towers.encode_texts(captions)
    np.testing.assert_allclose(np.linalg.norm([*shown, *said], axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(
        (shown * said).sum(axis=1), reranker.match(captions, reranker.see(pixels)).itc, atol=1e-4
    )
    plain = TinyBlip.load().cosines(pictures, [scene.caption for scene in scenes])
    np.testing.assert_allclose(shown @ said.T, plain, atol=2e-3)  # what is seen is kept in float16


def test_it_is_an_encoder() -> None:
    towers = BlipContrast(load_reranker(NAME))
    size = towers.info.preprocess.height
    assert towers.encode_pixels(np.empty((0, size, size, 3), np.uint8)).shape == (0, towers.info.dim)
    assert towers.encode_texts([]).shape == (0, towers.info.dim)
    many = towers.encode_texts(["a red circle"] * 65)
    assert many.shape == (65, towers.info.dim)
    np.testing.assert_allclose(many, many[:1].repeat(65, axis=0), atol=1e-5)
    assert towers.cut_off("a red circle") == ""
    assert towers.cut_off("red " * 40).split() == ["red"] * 7  # 33 words, and the two tokens around them
