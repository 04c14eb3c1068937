"""`mini`, the model that comes with the program: its files, its row, and that it needs nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError, UsageError, WeightsMissing
from encoders import BUILT_IN, cached_models, canonical_name, find_model, is_built_in, load_encoder, pull, remove
from encoders.built_in import FOLDER, SOURCE, SPEC
from encoders.names import resolve
from encoders.sources import Source
from encoders.weights import missing, weights_cached
from tests.encoders.hub_server import HubServer

FILES = {
    "README.md",
    "open_clip_config.json",
    "open_clip_model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
}
MOST_BYTES = 24_000_000
PICTURES = np.random.default_rng(0).integers(0, 256, (3, SPEC.image_size, SPEC.image_size, 3), dtype=np.uint8)


def test_the_folder_holds_these_files_and_is_small() -> None:
    assert {path.name for path in FOLDER.iterdir()} == FILES
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MOST_BYTES


def test_the_row_says_what_the_folder_says() -> None:
    spec, source = resolve(f"local-dir:{FOLDER}")
    assert replace(spec, name=BUILT_IN, architecture=BUILT_IN) == replace(
        SPEC, licence=spec.licence, good_for=spec.good_for, built_in=False
    )
    assert source == SOURCE


def test_it_is_called_mini_in_any_case() -> None:
    assert find_model(" MINI ") == SPEC
    assert (BUILT_IN, canonical_name("Mini")) == ("mini", "mini")
    assert is_built_in("miNi")
    assert not is_built_in("minimal")
    assert load_encoder("MINI").info.name == "mini"


def test_it_encodes_without_the_network_and_leaves_its_folder_alone(
    hub_cache: Path, no_network: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in FOLDER.iterdir()}
    encoder = load_encoder(BUILT_IN, download=True)
    pictures, texts = encoder.encode_pixels(PICTURES), encoder.encode_texts(["a dog on the beach", ""])
    for rows in (pictures, texts):
        assert rows.dtype == np.float32
        assert rows.shape[1] == SPEC.dim
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert no_network == []
    assert capfd.readouterr() == ("", "")
    assert {path.name: path.stat().st_mtime_ns for path in FOLDER.iterdir()} == before
    assert not hub_cache.exists()


def test_half_precision_on_disk_is_float32_in_memory() -> None:
    import torch
    from safetensors import safe_open

    with safe_open(FOLDER / "open_clip_model.safetensors", framework="np") as tensors:
        kinds = {str(tensors.get_slice(name).get_dtype()) for name in tensors.keys()}  # noqa: SIM118 - no dict
    assert kinds <= {"F16", "I64"}
    encoder = load_encoder(BUILT_IN)
    assert {value.dtype for value in encoder._torch.load().model.parameters()} == {torch.float32}
    assert encoder.info.logit_scale == pytest.approx(encoder._torch.load().logit_scale)


def test_every_text_ends_with_the_largest_id_where_argmax_finds_it() -> None:
    tokens = load_encoder(BUILT_IN)._torch.tokens(["a dog", "word " * 100, ""])
    vocabulary = json.loads((FOLDER / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]["vocab_size"]
    assert tokens.shape == (3, SPEC.context_length)
    assert (tokens.max(dim=1).values == vocabulary - 1).all(), "what is too long is cut before its end mark"
    for row in tokens.tolist():
        assert row.count(vocabulary - 1) == 1


def test_nothing_is_fetched_or_removed(hub: HubServer) -> None:
    assert pull("Mini") == FOLDER / "open_clip_model.safetensors"
    assert weights_cached(SPEC)
    assert hub.asked == []
    with pytest.raises(UsageError, match="mini is built in"):
        remove("MINI")
    assert {path.name for path in FOLDER.iterdir()} == FILES
    assert cached_models() == [], "it is not in the cache"


def test_its_space_is_that_of_its_weights() -> None:
    ours, folder = load_encoder(BUILT_IN).info, load_encoder(f"local-dir:{FOLDER}").info
    assert ours.identity == folder.identity
    assert replace(folder, name="mini") == ours


def test_a_broken_installation_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = missing(SPEC, Source(SOURCE.preprocess, folder=tmp_path))
    assert isinstance(gone, WeightsMissing)
    assert (gone.fetchable, "install `search` anew" in str(gone)) == ("", True)

    for name in FILES:
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes()[:5000])
    monkeypatch.setattr("encoders.weights.resolve_for", lambda _task, _name: (SPEC, replace(SOURCE, folder=tmp_path)))
    with pytest.raises(ModelError, match="install that anew"):
        load_encoder(BUILT_IN).encode_texts(["a dog"])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("vit-b-32-DATACOMP", "ViT-B-32-datacomp"),
        (" ViT-B-32:openai ", "ViT-B-32:openai"),
        ("hf-hub:some/model/", "hf-hub:some/model"),
        ("no such model", "no such model"),
    ],
)
def test_one_model_has_one_spelling(typed: str, name: str) -> None:
    assert canonical_name(typed) == name
