"""BLIP by name: the catalogue's rows, folders, the hub; and that no model is taken for what it is not."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import encoders
from core.errors import DeviceError, ModelError, UnknownModel, UsageError, WeightsMissing
from core.models import Device, ModelSpec, ModelTask, Preprocess
from encoders import (
    CATALOGUE,
    DEFAULT_ANSWERER,
    DEFAULT_CAPTIONER,
    DEFAULT_RERANKER,
    cached_models,
    find_model,
    load_answerer,
    load_captioner,
    load_encoder,
    load_reranker,
    pull,
    remove,
    weights_cached,
)
from encoders.blip.configuration import TASKS, read_preprocess, read_shape
from encoders.blip.rows import ROWS
from tests.conftest import PROJECT
from tests.encoders.hub_server import HubServer
from tests.tiny_blip import MODEL_FOLDER

NAME = f"local-dir:{MODEL_FOLDER}"
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
BLIPS = [spec for spec, _ in ROWS]


@pytest.mark.parametrize("spec", BLIPS, ids=lambda spec: spec.name)
def test_download_is_four_bytes_for_every_value(spec: ModelSpec) -> None:
    import torch
    import transformers

    names = {task: name for name, task in TASKS.items()}
    config = transformers.BlipConfig(vision_config=LARGE if spec.architecture == "blip-large" else {})
    with torch.device("meta"):
        model = getattr(transformers, names[spec.task])(config)
    assert spec.download_bytes == 4 * sum(value.numel() for value in model.state_dict().values())
    assert (spec.dim, spec.image_size) == (config.image_text_hidden_size, config.vision_config.image_size)


def test_the_models_the_project_promises_are_there() -> None:
    tasks = {spec.name: spec.task for spec in CATALOGUE}
    assert [tasks[name] for name in (DEFAULT_RERANKER, DEFAULT_CAPTIONER, DEFAULT_ANSWERER)] == [
        ModelTask.RERANK,
        ModelTask.CAPTION,
        ModelTask.ANSWER,
    ]
    assert {name for name, task in tasks.items() if task is ModelTask.RERANK} == {
        f"blip-itm-{size}-{data}" for size in ("base", "large") for data in ("coco", "flickr")
    }
    repos = {spec.name: source.repo for spec, source in ROWS}
    assert repos["blip-itm-base-coco"] == "Salesforce/blip-itm-base-coco"
    assert repos["blip-vqa-large"] == "Salesforce/blip-vqa-capfilt-large"
    assert {source.preprocess for _, source in ROWS} == {Preprocess(384, 384, resize="squash")}


def test_a_folder_is_what_its_configuration_says() -> None:
    spec = find_model(NAME)
    assert (spec.name, spec.task, spec.dim, spec.image_size, spec.context_length) == (
        NAME, ModelTask.RERANK, 32, 64, 35,
    )  # fmt: skip
    assert weights_cached(spec)
    info = load_reranker(NAME).info
    assert (info.tokens, info.width, info.preprocess) == (17, 64, Preprocess(64, 64, resize="squash"))


@pytest.mark.parametrize("load", [load_reranker, load_captioner, load_answerer])
def test_a_clip_model_is_none_of_the_three(load: Any, tiny_clip: str) -> None:
    for name in ("ViT-B-32", "mini", tiny_clip):
        with pytest.raises(UsageError, match="indexes and searches pictures, and here a model is needed that"):
            load(name)


@pytest.mark.parametrize("name", [NAME, *(spec.name for spec in BLIPS)])
@pytest.mark.parametrize("download", [False, True])
def test_a_blip_is_no_model_to_index_with_and_not_even_fetched(
    name: str, download: bool, hub_cache: Path, no_network: list[str]
) -> None:
    with pytest.raises(UsageError, match="a model is needed that indexes and searches pictures"):
        load_encoder(name, download=download)
    assert no_network == []


def test_one_blip_is_not_taken_for_another(hub_cache: Path) -> None:
    with pytest.raises(UsageError, match=r"blip-vqa-base answers questions, .* that reranks results"):
        load_reranker("blip-vqa-base")
    with pytest.raises(UsageError, match=r"reranks results, .* that writes captions"):
        load_captioner(NAME)


def test_missing_weights_are_one_line_and_no_network(hub_cache: Path, no_network: list[str]) -> None:
    for load, name in ((load_reranker, DEFAULT_RERANKER), (load_captioner, DEFAULT_CAPTIONER)):
        with pytest.raises(WeightsMissing, match=f"search models pull {name}") as caught:
            load(name)
        assert caught.value.fetchable == name
        assert "\n" not in str(caught.value)
    with pytest.raises(UnknownModel, match="did you mean blip-itm-base-coco"):
        load_reranker("blip-itm-base-cocoa")
    assert no_network == []


def test_a_device_that_is_not_there_is_told_at_once() -> None:
    import torch

    if torch.backends.mps.is_available():
        pytest.skip("this machine has an mps device")
    with pytest.raises(DeviceError, match="no mps device here"):
        load_reranker(NAME, device=Device.MPS)


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in MODEL_FOLDER.iterdir()}


def test_pull_list_and_remove_a_blip_of_the_hub(hub: HubServer, hub_cache: Path) -> None:
    name = "hf-hub:tester/blip"
    hub.repos["tester/blip"] = {**files(), "README.md": b"hello", "tf_model.h5": b"of another library"}
    with pytest.raises(WeightsMissing, match="search models pull hf-hub:tester/blip"):
        load_reranker(name)
    path = pull(name)
    assert (path.name, path.is_relative_to(hub_cache)) == ("model.safetensors", True)
    assert not any("README" in line or "tf_model" in line for line in hub.asked), "only what is needed"
    assert find_model(name).task is ModelTask.RERANK
    hub.asked.clear()
    assert pull(name) == path
    fetched, own = load_reranker(name, download=True), load_reranker(NAME)
    assert fetched.info.identity == own.info.identity
    assert hub.asked == []
    assert [model.name for model in cached_models()] == [name]
    assert remove(name) > 1_000_000
    assert cached_models() == []


def test_pull_a_blip_of_the_catalogue(hub: HubServer, hub_cache: Path) -> None:
    repository = files()
    repository["pytorch_model.bin"] = repository.pop("model.safetensors")  # as Salesforce published them first
    hub.repos["Salesforce/blip-itm-base-coco"] = repository
    assert not weights_cached(find_model(DEFAULT_RERANKER))
    assert pull(DEFAULT_RERANKER).name == "pytorch_model.bin"
    assert weights_cached(find_model(DEFAULT_RERANKER))
    assert [model.name for model in cached_models()] == [DEFAULT_RERANKER]


def test_half_a_blip_is_missing(hub: HubServer, hub_cache: Path) -> None:
    repository = files()
    del repository["preprocessor_config.json"]
    hub.repos["Salesforce/blip-itm-base-coco"] = repository
    with pytest.raises(WeightsMissing, match="blip-itm-base-coco"):
        pull(DEFAULT_RERANKER)
    assert not weights_cached(find_model(DEFAULT_RERANKER))


def test_another_model_of_transformers_is_no_model_of_ours(hub: HubServer, hub_cache: Path, tmp_path: Path) -> None:
    config = json.dumps({"model_type": "clip", "architectures": ["CLIPModel"]})
    hub.repos["tester/other"] = {"config.json": config.encode(), "model.safetensors": b"weights"}
    with pytest.raises(UnknownModel, match="hf-hub:tester/other is neither an open_clip model nor a BLIP"):
        pull("hf-hub:tester/other")
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(UnknownModel, match=r"neither an open_clip model \(open_clip_config\.json\) nor a BLIP"):
        find_model(f"local-dir:{tmp_path}")


def preprocessor(folder: Path, **changes: Any) -> Path:
    settings = json.loads((MODEL_FOLDER / "preprocessor_config.json").read_text())
    path = folder / "preprocessor_config.json"
    path.write_text(json.dumps({**settings, **changes}))
    return path


@pytest.mark.parametrize(
    ("changes", "fit"),
    [
        ({}, {}),
        ({"resample": 2}, {"interpolation": "bilinear"}),
        ({"size": 64}, {}),
        ({"image_mean": [0.1, 0.2, 0.3]}, {"mean": (0.1, 0.2, 0.3)}),
        ({"do_normalize": False}, {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}),
    ],
)
def test_preprocessing_is_read_from_the_configuration(tmp_path: Path, changes: dict, fit: dict) -> None:
    found = read_preprocess(preprocessor(tmp_path, **changes), image_size=64)
    assert found == Preprocess(64, 64, resize="squash", **fit)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"resample": 0}, "resample 0"),
        ({"do_resize": False}, "do_resize false"),
        ({"rescale_factor": 1.0}, r"rescale_factor 1\.0"),
        ({"do_center_crop": True}, "do_center_crop"),
        ({"size": {"height": 32, "width": 64}}, "32 × 64 pixels for a model of 64 × 64"),
        ({"size": {"shortest_edge": 64}}, "KeyError"),
        ({"image_mean": [0.5]}, "ValueError"),
    ],
)
def test_preprocessing_that_media_cannot_do_is_refused(tmp_path: Path, changes: dict, told: str) -> None:
    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    preprocessor(folder, **changes)
    with pytest.raises(ModelError, match=told) as caught:
        load_reranker(f"local-dir:{folder}")
    assert "preprocessor_config.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ['{"vision_config": {"image_size": "wide"}, "architectures": ["A"]}', "{", "[]"])
def test_a_broken_configuration_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"config\.json") as caught:
        read_shape(path)
    assert "\n" not in str(caught.value)


def test_weights_that_lack_some_are_told(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(MODEL_FOLDER, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["itm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"\(itm_head\.weight is one of 1\): put a whole model there"):
        load_reranker(f"local-dir:{folder}").match(["red"], np.zeros((1, 17, 64), np.float16))


def test_importing_and_naming_need_no_torch() -> None:
    code = (
        "import sys, encoders\n"
        "encoders.find_model('blip-itm-base-coco')\n"
        f"print(encoders.find_model({NAME!r}).task, encoders.load_reranker({NAME!r}).spec.dim)\n"
        "print(sorted({'torch', 'open_clip', 'transformers'} & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert ran.stdout.split("\n")[:2] == ["rerank 32", "[]"]
    assert encoders.load_reranker is load_reranker
