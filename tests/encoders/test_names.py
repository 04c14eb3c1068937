"""What a person may type."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ModelError, UnknownModel, WeightsMissing
from core.models import Preprocess
from encoders import CATALOGUE, find_model
from encoders.names import preprocess_from, resolve
from tests import tiny_clip as tiny
from tests.conftest import PROJECT


def test_a_catalogue_name_in_any_case() -> None:
    assert find_model("vit-b-32-DATACOMP") == CATALOGUE[0]
    assert find_model(" RN50 ").dim == 1024


def test_an_open_clip_pair_is_the_catalogue_row_by_another_name() -> None:
    row, source = resolve("ViT-B-32")
    spec, pair_source = resolve("ViT-B-32:openai")
    assert spec.architecture == "ViT-B-32-quickgelu", "OpenAI's weights need QuickGELU"
    assert spec.download_bytes == row.download_bytes
    assert replace(spec, licence="", good_for="") == replace(row, name="ViT-B-32:openai", licence="", good_for="")
    assert pair_source == source


def test_an_open_clip_pair_with_a_file_of_its_own_name() -> None:
    source = resolve("ViTamin-S:datacomp1b")[1]
    assert (source.repo, source.weights) == ("jienengchen/ViTamin-S", "pytorch_model.bin")


def test_a_folder(tiny_clip: str) -> None:
    spec = find_model(tiny_clip)
    assert spec.name == tiny_clip
    assert (spec.dim, spec.image_size, spec.context_length) == (tiny.DIM, tiny.IMAGE_SIZE, tiny.CONTEXT_LENGTH)
    assert spec.languages == ("en",)


def test_a_relative_folder_becomes_absolute(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tiny_clip.removeprefix("local-dir:"))
    monkeypatch.chdir(folder.parent)
    assert find_model(f"local-dir:{folder.name}").name == tiny_clip


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ViT-B-23", "ViT-B-32"),
        ("vit-b16-siglip2", "ViT-B-16-SigLIP2"),
        ("ViT-B-32:opnai", "ViT-B-32:openai"),
        ("local-dir:/nowhere/at/all", "open_clip_config.json"),
        ("hf-hub:justaname", "hf-hub:ORGANISATION/REPOSITORY"),
        ("", "search models list"),
    ],
)
def test_unknown_names_say_what_was_meant(name: str, hint: str, hub_cache: Path) -> None:
    with pytest.raises(UnknownModel) as caught:
        find_model(name)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_model_never_fetched_says_how_to_fetch_it(hub_cache: Path, no_network: list[str]) -> None:
    with pytest.raises(WeightsMissing, match="search models pull hf-hub:some/model") as caught:
        find_model("hf-hub:some/model")
    assert str(hub_cache) in str(caught.value)
    assert no_network == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"model_cfg": {"embed_dim": 3}}', '{"model_cfg": 7}', "\x00"])
def test_a_broken_configuration_is_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(text)
    with pytest.raises(ModelError, match="not a usable open_clip configuration") as caught:
        find_model(f"local-dir:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_preprocessing_is_read_from_the_configuration(tmp_path: Path) -> None:
    preprocess = {
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
        "interpolation": "bilinear",
        "resize_mode": "longest",
        "fill_color": 7,
    }
    model = {**tiny.MODEL_CFG, "vision_cfg": {**tiny.MODEL_CFG["vision_cfg"], "image_size": [32, 64]}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": model, "preprocess_cfg": preprocess}))
    assert resolve(f"local-dir:{tmp_path}")[1].preprocess == Preprocess(
        height=32,
        width=64,
        resize="longest",
        interpolation="bilinear",
        mean=(0.1, 0.2, 0.3),
        std=(0.4, 0.5, 0.6),
        fill=7,
    )


def test_preprocessing_that_media_cannot_do_is_refused() -> None:
    with pytest.raises(ModelError, match="nearest"):
        preprocess_from({"interpolation": "nearest"}, 224)


def test_importing_and_naming_need_no_torch() -> None:
    code = (
        "import sys, encoders\n"
        "encoders.find_model('ViT-B-32'); encoders.weights_cached(encoders.CATALOGUE[0]); encoders.cached_models()\n"
        "print(sorted({'torch', 'open_clip', 'transformers', 'timm', 'torchvision'} & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT, env=dict(os.environ)
    )
    assert ran.stdout.strip() == "[]"
