"""BLIP's scores are those of transformers' own forward, however they are batched, kept and multiplied."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.protocols import MatchScores
from encoders import load_reranker
from encoders.blip.arithmetic import Arithmetic
from encoders.blip.reranker import BlipReranker
from encoders.blip.text import KEYS_FROM, TextTower
from encoders.blip.vision import Vision
from encoders.blip.words import Tokens, clean_caption
from encoders.device import Placement, Precision, cpu_has_bf16
from encoders.names import resolve
from encoders.weights import files_of
from tests.tiny_blip import MODEL_FOLDER, Scene, draw, make_pairs, make_scenes
from tests.tiny_blip.scoring import TinyBlip

NAME = f"local-dir:{MODEL_FOLDER}"
BFLOAT16 = Placement("cpu", Precision.BFLOAT16, "CPU, bfloat16")
needs_bf16 = pytest.mark.skipif(not cpu_has_bf16(), reason="this CPU has no bfloat16 units")


@pytest.fixture(scope="module")
def plain() -> TinyBlip:
    """The reference."""
    return TinyBlip.load()


@pytest.fixture(scope="module")
def reranker() -> BlipReranker:
    return load_reranker(NAME)


@pytest.fixture(scope="module")
def quick() -> BlipReranker:
    """Multiplies in bfloat16."""
    files = files_of(NAME, resolve(NAME)[1])
    assert files is not None
    return BlipReranker(resolve(NAME)[0], files, placement=BFLOAT16)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return make_scenes(seed=5, count=40)


def drawn(scenes: list[Scene]) -> tuple[list, np.ndarray]:
    pictures = [draw(scene, size=64, seed=number) for number, scene in enumerate(scenes)]
    return pictures, np.stack([np.asarray(picture) for picture in pictures])


def logits(plain: TinyBlip, pictures: list, captions: list[str]) -> np.ndarray:
    """By transformers' forward, a pair at a time, [ENC] first."""
    import torch

    rows = []
    for picture, caption in zip(pictures, captions, strict=True):
        inputs = plain.processor(images=[picture], text=[caption], return_tensors="pt")
        inputs["input_ids"][:, 0] = plain.enc_token
        with torch.inference_mode():
            rows.append(plain.model(**inputs, use_itm_head=True).itm_score[0].numpy())
    return np.stack(rows)


def test_float32_scores_are_transformers_own(plain: TinyBlip, reranker: BlipReranker, scenes: list[Scene]) -> None:
    pictures, pixels = drawn(scenes)
    captions = [scene.caption for scene in scenes]
    scores = reranker.match(captions, reranker.see_exactly(pixels))
    np.testing.assert_allclose(scores.itm, logits(plain, pictures, captions), atol=1e-4)
    np.testing.assert_allclose(scores.itc, np.diag(plain.cosines(pictures, captions)), atol=1e-4)
    np.testing.assert_allclose(scores.probability, plain.match(pictures, captions), atol=1e-4)


def test_features_kept_as_float16_move_the_logits_by_less_than_a_hundredth(
    plain: TinyBlip, reranker: BlipReranker, scenes: list[Scene]
) -> None:
    pictures, pixels = drawn(scenes)
    captions = [scene.caption for scene in scenes]
    scores = reranker.match(captions, reranker.see(pixels))
    away = np.abs(scores.itm - logits(plain, pictures, captions)).max()
    assert 1e-4 < away < 1e-2, "were it less than 1e-4, float32 features would have no use"
    np.testing.assert_allclose(scores.probability, plain.match(pictures, captions), atol=2e-3)


def test_one_picture_for_many_texts_and_one_text_for_many_pictures(
    plain: TinyBlip, reranker: BlipReranker, scenes: list[Scene]
) -> None:
    pictures, pixels = drawn(scenes)
    seen = reranker.see_exactly(pixels)
    captions = [scene.caption for scene in scenes]
    assert len(captions) >= KEYS_FROM, "so that keys and values are made once"
    many_texts = reranker.match(captions, seen[:1])
    np.testing.assert_allclose(many_texts.itm, logits(plain, [pictures[0]] * 40, captions), atol=1e-4)
    np.testing.assert_allclose(many_texts.itc, plain.cosines(pictures[:1], captions)[0], atol=1e-4)
    many_pictures = reranker.match(captions[:1], seen)
    np.testing.assert_allclose(many_pictures.itm, logits(plain, pictures, captions[:1] * 40), atol=1e-4)
    np.testing.assert_allclose(many_pictures.itc, plain.cosines(pictures, captions[:1])[:, 0], atol=1e-4)


def test_texts_of_any_length_in_any_order(plain: TinyBlip, reranker: BlipReranker, scenes: list[Scene]) -> None:
    pictures, pixels = drawn(scenes)
    captions = [" ".join([scene.caption] * (1 + number % 3)) for number, scene in enumerate(scenes)]
    captions[3] = "red"
    cut = [" ".join(caption.split()[:30]) for caption in captions]  # as BLIP's authors do before the tokenizer
    scores = reranker.match(captions, reranker.see_exactly(pixels))
    np.testing.assert_allclose(scores.itm, logits(plain, pictures, cut), atol=1e-4)


def in_order(scores: MatchScores) -> list[int]:
    """As BLIP's own evaluation orders: the match logit plus the cosine."""
    return np.argsort(-(scores.itm[:, 1] + scores.itc), kind="stable").tolist()


@needs_bf16
def test_bfloat16_scores_are_near_and_the_first_ten_the_same(reranker: BlipReranker, quick: BlipReranker) -> None:
    scenes = make_scenes(seed=5, count=200)
    _, pixels = drawn(scenes)
    captions = [scene.caption for scene in scenes]
    exactly, roughly = reranker.see_exactly(pixels), quick.see(pixels)
    right, near = reranker.match(captions, exactly), quick.match(captions, roughly)
    # This one is 64 wide; errors average out in the 768 of those that do run in bfloat16 (below).
    assert np.quantile(np.abs(near.itm - right.itm), 0.99) < 5e-2
    np.testing.assert_allclose(near.probability, right.probability, atol=5e-2)
    np.testing.assert_allclose(near.itc, right.itc, atol=1e-2)
    for caption in captions[:10]:
        right, near = reranker.match([caption], exactly[:40]), quick.match([caption], roughly[:40])
        fused = right.itm[:, 1] + right.itc
        tenth = np.sort(fused)[-10]
        assert in_order(near)[0] == in_order(right)[0]
        assert (fused[in_order(near)[:10]] > tenth - 5e-2).all(), "the same ten, but for ties within the error"


def test_reranking_tells_apart_what_the_cosine_cannot(reranker: BlipReranker) -> None:
    pairs = make_pairs(seed=3, count=20)
    both = [scene for pair in pairs for scene in pair]
    _, pixels = drawn(both)
    seen = reranker.see(pixels)
    first_by_cosine = first = 0
    for number, scene in enumerate(both):
        scores = reranker.match([scene.caption], seen)
        first += in_order(scores)[0] == number
        first_by_cosine += int(scores.itc.argmax()) == number
    assert first / len(both) >= 0.9
    assert first_by_cosine / len(both) <= 0.7


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("A Dog, running; on (the) BEACH!", "a dog, running on the beach"),
        ('he said: "stop" ', "he said stop"),
        ("  two\t words~", "two words"),
        ("word " * 40, " ".join(["word"] * 30)),
        ("", ""),
    ],
)
def test_captions_are_cleaned_as_their_authors_do(said: str, read: str) -> None:
    assert clean_caption(said) == read


@pytest.fixture(scope="module")
def base() -> Any:
    """BLIP's base shapes with random weights."""
    import torch
    from transformers import BlipConfig, BlipForImageTextRetrieval

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = BlipConfig(text_config={"num_attention_heads": 12})
        model = BlipForImageTextRetrieval(config).eval()
        with torch.no_grad():
            for name, value in model.named_parameters():
                if "norm" not in name.lower():
                    value.normal_(std=0.04)  # as initialised, all pictures look the same to it
    return model


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["float32", pytest.param("bfloat16", marks=needs_bf16)])
def test_base_shapes_give_transformers_own_scores(base: Any, kind: str) -> None:
    import torch

    bound = {"float32": 1e-4, "bfloat16": 5e-2}[kind]
    arithmetic = Arithmetic("cpu", getattr(torch, kind))
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(2, 3, 384, 384, generator=generator)
    ids = torch.randint(1000, 30000, (1, 9), generator=generator)
    ids[:, 0] = 30523
    with torch.inference_mode():
        right = torch.cat(
            [base(input_ids=ids, pixel_values=pixels[row : row + 1], use_itm_head=True).itm_score for row in range(2)]
        )
        seen = Vision(base.vision_model, heads=12, arithmetic=arithmetic)(pixels)
        tower = TextTower(base.text_encoder, heads=12, arithmetic=arithmetic)
        got = base.itm_head(tower.together(Tokens(ids.repeat(2, 1), torch.ones(2, 9).long()), seen))
        many = base.itm_head(tower.together(Tokens(ids.repeat(8, 1), torch.ones(8, 9).long()), seen[:1]))
    assert (right[0] - right[1]).abs().max() > 0.1, "the two pictures must differ"
    torch.testing.assert_close(got, right, atol=bound, rtol=0)
    torch.testing.assert_close(many, right[:1].repeat(8, 1), atol=bound, rtol=0)


def test_towers_of_different_widths_as_in_the_large_models() -> None:
    import torch
    from transformers import BlipConfig, BlipForImageTextRetrieval

    sides = {"intermediate_size": 64, "num_hidden_layers": 2}
    config = BlipConfig(
        text_config={**sides, "hidden_size": 32, "num_attention_heads": 2, "vocab_size": 50, "bos_token_id": 48},
        vision_config={
            **sides,
            "hidden_size": 48,
            "num_attention_heads": 3,
            "image_size": 32,
            "initializer_range": 0.3,
        },
        image_text_hidden_size=16,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = BlipForImageTextRetrieval(config).eval()
        with torch.no_grad():
            for value in model.parameters():
                value.add_(torch.randn_like(value) * 0.2)  # biases, too: they have no place of their own in the sums
        pixels, ids = torch.randn(9, 3, 32, 32), torch.randint(1, 48, (9, 6))
    mask = torch.ones_like(ids)
    mask[::2, 4:] = 0
    exact = Arithmetic("cpu", torch.float32)
    with torch.inference_mode():
        right = model(input_ids=ids, pixel_values=pixels, attention_mask=mask, use_itm_head=True).itm_score
        same = pixels[:1].expand(9, -1, -1, -1)
        right_one = model(input_ids=ids, pixel_values=same, attention_mask=mask, use_itm_head=True).itm_score
        cosines = model(input_ids=ids, pixel_values=pixels, attention_mask=mask, use_itm_head=False).itm_score
        seen = Vision(model.vision_model, heads=3, arithmetic=exact)(pixels)
        tower = TextTower(model.text_encoder, heads=2, arithmetic=exact)
        torch.testing.assert_close(model.itm_head(tower.together(Tokens(ids, mask), seen)), right, atol=1e-4, rtol=0)
        got_one = model.itm_head(tower.together(Tokens(ids, mask), seen[:1]))
        torch.testing.assert_close(got_one, right_one, atol=1e-4, rtol=0)
        alone = torch.nn.functional.normalize(model.text_proj(tower.alone(Tokens(ids, mask))), dim=-1)
        own = torch.nn.functional.normalize(model.vision_proj(seen[:, 0]), dim=-1)
        torch.testing.assert_close(own @ alone.T, cosines, atol=1e-4, rtol=0)
    assert right.std() > 0.05
    assert (right - right_one).abs().max() > 0.01


def test_loading_says_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    reranker = load_reranker(NAME)
    reranker.match(["a red circle"], reranker.see(np.zeros((1, 64, 64, 3), np.uint8)))
    assert capfd.readouterr() == ("", "")
    assert logging.is_progress_bar_enabled() == shown
