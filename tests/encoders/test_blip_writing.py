"""The captioner and the one that answers, with random weights: what they say means nothing, how they say it does."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError, WeightsMissing
from core.models import ModelTask
from core.protocols import Answerer, Captioner
from encoders import find_model, load_answerer, load_captioner
from encoders.blip.build import build_blip
from encoders.blip.writing import BEAMS, NEW_TOKENS
from encoders.pixels import normalised
from tests.fakes import FakeAnswerer, FakeCaptioner
from tests.tiny_writers import SIZE, make_tiny_answerer, make_tiny_captioner

PICTURES = np.random.default_rng(0).integers(0, 256, (6, SIZE, SIZE, 3), dtype=np.uint8)
PICTURES[0] = (220, 30, 30)
QUESTIONS = ["a red circle?", "Blue", "is it a red circle left of a blue square", "", "A red circle?", "word " * 60]


@pytest.fixture(scope="session")
def tiny_captioner(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_tiny_captioner(tmp_path_factory.mktemp("tiny-captioner"))


@pytest.fixture(scope="session")
def tiny_answerer(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_tiny_answerer(tmp_path_factory.mktemp("tiny-answerer"))


@pytest.fixture(params=["fake", "tiny"])
def captioner(request: pytest.FixtureRequest, tiny_captioner: str) -> Captioner:
    return FakeCaptioner() if request.param == "fake" else load_captioner(tiny_captioner)


@pytest.fixture(params=["fake", "tiny"])
def answerer(request: pytest.FixtureRequest, tiny_answerer: str) -> Answerer:
    return FakeAnswerer() if request.param == "fake" else load_answerer(tiny_answerer)


def test_captions_are_as_many_as_pictures_and_the_same_alone(captioner: Captioner) -> None:
    before = PICTURES.copy()
    captions = captioner.write(PICTURES)
    assert captions == [captioner.write(PICTURES[i : i + 1])[0] for i in range(len(PICTURES))]
    assert len(captions) == len(PICTURES)
    assert len(set(captions)) > 1
    assert captioner.write(PICTURES[:0]) == []
    np.testing.assert_array_equal(PICTURES, before)
    assert captioner.info.preprocess.height == SIZE


def test_answers_are_as_many_as_questions_and_the_same_alone(answerer: Answerer) -> None:
    per_picture = [answerer.answer(picture, QUESTIONS) for picture in PICTURES[:3]]
    assert per_picture[1] == [answerer.answer(PICTURES[1], [question])[0] for question in QUESTIONS]
    assert [len(answers) for answers in per_picture] == [len(QUESTIONS)] * 3
    assert len({answer for answers in per_picture for answer in answers}) > 1
    assert answerer.answer(PICTURES[0], []) == []


def test_captions_are_what_transformers_own_generate_writes(tiny_captioner: str) -> None:
    import torch
    from transformers import BertTokenizer

    captioner = load_captioner(tiny_captioner)
    blip = build_blip(captioner.spec, captioner.files)
    tokenizer = BertTokenizer.from_pretrained(captioner.files.weights.parent)
    ids = tokenizer(["a red"], return_tensors="pt").input_ids.repeat(len(PICTURES), 1)
    with torch.inference_mode():
        values = normalised(PICTURES, captioner.fit, captioner.placement.device)
        wrote = blip.generate(
            pixel_values=values, input_ids=ids, num_beams=BEAMS, do_sample=False,
            min_new_tokens=1, max_new_tokens=NEW_TOKENS,
        )  # fmt: skip
    known = [[token for token in row if token < len(tokenizer)] for row in wrote[:, ids.shape[1] - 1 :].tolist()]
    expected = tokenizer.batch_decode(known, skip_special_tokens=True)
    assert captioner.write(PICTURES, prompt="A red!") == [text.strip() for text in expected]
    assert captioner.write(PICTURES) != captioner.write(PICTURES, prompt="A red!")


def test_answers_are_what_transformers_own_generate_says_once_enc_comes_first(tiny_answerer: str) -> None:
    import torch
    from transformers import BertTokenizer

    answerer = load_answerer(tiny_answerer)
    tokenizer = BertTokenizer.from_pretrained(answerer.files.weights.parent)
    for question in QUESTIONS[:3]:
        ids = tokenizer([question], return_tensors="pt").input_ids
        ids[:, 0] = len(tokenizer) + 1  # [ENC]
        with torch.inference_mode():
            said = build_blip(answerer.spec, answerer.files).generate(
                input_ids=ids, pixel_values=normalised(PICTURES[:1], answerer.fit, answerer.placement.device), num_beams=3,
                do_sample=False, min_new_tokens=1, max_new_tokens=9,
            )  # fmt: skip
        expected = tokenizer.decode([token for token in said[0].tolist() if token < len(tokenizer)], True)
        assert answerer.answer(PICTURES[0], [question]) == [expected.strip()]


@pytest.mark.parametrize("task", [ModelTask.CAPTION, ModelTask.ANSWER])
def test_a_folder_says_itself_what_it_is_for(task: ModelTask, tiny_captioner: str, tiny_answerer: str) -> None:
    name = {ModelTask.CAPTION: tiny_captioner, ModelTask.ANSWER: tiny_answerer}[task]
    assert find_model(name).task is task


def test_other_pixels_are_refused(tiny_captioner: str, tiny_answerer: str) -> None:
    with pytest.raises(ValueError, match=r"shape \(n, 32, 32, 3\)"):
        load_captioner(tiny_captioner).write(PICTURES[:, :16])
    with pytest.raises(ValueError, match="not float64"):
        load_answerer(tiny_answerer).answer(PICTURES[0].astype(float), ["blue"])


def test_a_folder_that_is_not_whole_says_what_lacks(tiny_captioner: str, tmp_path: Path) -> None:
    whole = Path(tiny_captioner.removeprefix("local-dir:"))
    folder = shutil.copytree(whole, tmp_path / "bare")
    (folder / "vocab.txt").unlink()
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(WeightsMissing, match=r"preprocessor_config\.json, the tokenizer"):
        load_captioner(f"local-dir:{folder}")
    wordless = shutil.copytree(whole, tmp_path / "wordless")
    (wordless / "vocab.txt").unlink()  # transformers would read every word as [UNK]
    with pytest.raises(ModelError, match=r"wordless knows no words: its vocab\.txt is missing"):
        load_captioner(f"local-dir:{wordless}").write(PICTURES)
    torn = shutil.copytree(whole, tmp_path / "torn")
    (torn / "model.safetensors").write_bytes((whole / "model.safetensors").read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"cannot be loaded as local-dir:.*put a whole model there") as caught:
        load_captioner(f"local-dir:{torn}").write(PICTURES)
    assert "\n" not in str(caught.value)
