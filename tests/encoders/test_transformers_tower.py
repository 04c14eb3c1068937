"""A model whose tokenizer and text tower come from other repositories, as xlm-roberta's do: fetched, then offline."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsMissing
from encoders import load_encoder, pull
from tests.encoders.hub_server import HubServer
from tests.tiny_clip import MODEL_CFG, PREPROCESS_CFG

pytest.importorskip("transformers", reason="models with a tokenizer of their own need it")

NAME = "hf-hub:tester/multilingual"
TEXT_REPO = "tester/roberta"


def text_repository(folder: Path) -> dict[str, bytes]:
    """A word-level tokenizer and the configuration of a two-layer text tower."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {word: i for i, word in enumerate([*special, "ein", "hund", "am", "meer", "und", "im", "wald"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    named = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    config.save_pretrained(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def model_repository(folder: Path, text: Path) -> dict[str, bytes]:
    import open_clip
    import torch
    from safetensors.torch import save_file

    tower = {
        "hf_tokenizer_name": TEXT_REPO,
        "hf_pooler_type": "mean_pooler",
        "hf_proj_type": "mlp",
        "context_length": 8,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        local = {**tower, "hf_model_name": str(text), "hf_model_pretrained": False}
        model = open_clip.CustomTextCLIP(MODEL_CFG["embed_dim"], MODEL_CFG["vision_cfg"], local)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "w")
    config = {**MODEL_CFG, "text_cfg": {**tower, "hf_model_name": TEXT_REPO}}
    return {
        "open_clip_model.safetensors": (folder / "w").read_bytes(),
        "open_clip_config.json": json.dumps({"model_cfg": config, "preprocess_cfg": PREPROCESS_CFG}).encode(),
    }


def test_pulled_whole_and_used_offline(hub: HubServer, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "text").mkdir()
    hub.repos[TEXT_REPO] = {**text_repository(tmp_path / "text"), "pytorch_model.bin": b"not wanted"}
    hub.repos["tester/multilingual"] = model_repository(tmp_path, tmp_path / "text")
    pull(NAME)
    assert not any("pytorch_model" in line for line in hub.asked)

    tried: list[str] = request.getfixturevalue("no_network")
    encoder = load_encoder(NAME)
    vectors = encoder.encode_texts(["ein hund am meer", "ein hund im wald", "ein hund am meer"])
    assert tried == []
    assert encoder.info.languages == ("*",)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    assert vectors[0] @ vectors[1] < 0.9999
    assert encoder.cut_off("ein hund am meer und ein") == ""
    assert encoder.cut_off("ein hund am meer und ein hund im wald") == "hund im wald"
    assert encoder.encode_pixels(np.zeros((1, 32, 32, 3), np.uint8)).shape == (1, 32)


def test_half_of_it_is_missing(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    files = text_repository(tmp_path / "text")
    hub.repos["tester/multilingual"] = model_repository(tmp_path, tmp_path / "text")
    with pytest.raises(WeightsMissing, match=f"no repository {TEXT_REPO}"):
        pull(NAME)
    with pytest.raises(WeightsMissing, match="search models pull hf-hub:tester/multilingual"):
        load_encoder(NAME)
    hub.repos[TEXT_REPO] = files
    assert pull(NAME).name == "open_clip_model.safetensors"
