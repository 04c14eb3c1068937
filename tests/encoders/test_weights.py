"""Weights in the hub's cache: fetched from a local stand-in of the hub, found, hashed, removed, missed."""

import errno
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pytest

import encoders
from core.errors import ModelError, UsageError, WeightsMissing
from encoders import cached_models, find_model, load_encoder, pull, remove, weights_cached
from encoders.weights_file import read_logit_scale, weights_hash
from tests.encoders.hub_server import COMMIT, HubServer

NAME = "hf-hub:tester/tiny"
PICTURES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def tiny_files(tiny_clip: str) -> dict[str, bytes]:
    """The tiny model as the files of a repository."""
    folder = Path(tiny_clip.removeprefix("local-dir:"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put_in_cache(cache: Path, repo: str, files: dict[str, bytes]) -> None:
    """Lay files out as the hub's library does: blobs, snapshots, refs."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    (folder / "blobs").mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    snapshot.mkdir(parents=True)
    for name, data in files.items():
        blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (snapshot / name).symlink_to(blob)


def test_pull_then_encode_without_the_network(
    hub: HubServer, hub_cache: Path, tiny_clip: str, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repos["tester/tiny"] = {**tiny_files, "README.md": b"hello", "open_clip_pytorch_model.bin": b"a pickle"}
    path = pull(NAME)
    assert path.is_relative_to(hub_cache)
    assert path.name == "open_clip_model.safetensors", "safetensors where there is a choice"
    assert not any("README" in line or "pytorch" in line for line in hub.asked), "only what is needed"
    assert weights_cached(find_model(NAME))

    hub.asked.clear()
    assert pull(NAME) == path
    vectors = load_encoder(NAME, download=True).encode_pixels(PICTURES)
    assert hub.asked == [], "what is there is not asked for again"
    np.testing.assert_allclose(vectors, load_encoder(tiny_clip).encode_pixels(PICTURES), atol=1e-6)


def test_pull_shows_progress_on_stderr(
    hub: HubServer, tiny_files: dict[str, bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    hub.repos["tester/tiny"] = tiny_files
    pull(NAME)
    out, err = capfd.readouterr()
    assert out == ""
    assert "100%" in err


def test_a_cached_model_is_used_offline(
    hub_cache: Path, tiny_files: dict[str, bytes], no_network: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    put_in_cache(hub_cache, "tester/tiny", tiny_files)
    encoder = load_encoder(NAME)
    assert encoder.encode_pixels(PICTURES).shape == (3, 32)
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    assert no_network == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["ViT-B-32", "ViT-B-32:laion400m_e31", "hf-hub:tester/tiny"])
def test_missing_weights_are_one_line_and_no_network(name: str, hub_cache: Path, no_network: list[str]) -> None:
    with pytest.raises(WeightsMissing) as caught:
        load_encoder(name)
    message = str(caught.value)
    assert name in message
    assert str(hub_cache) in message
    assert f"search models pull {name}" in message
    assert "\n" not in message
    assert no_network == []


def test_half_a_model_is_missing(hub_cache: Path, tiny_files: dict[str, bytes]) -> None:
    put_in_cache(hub_cache, "timm/ViT-B-16-SigLIP2", {"open_clip_model.safetensors": b"weights, but no tokenizer"})
    assert not weights_cached(find_model("ViT-B-16-SigLIP2"))
    put_in_cache(
        hub_cache, "timm/ViT-B-32-SigLIP2-256", {"open_clip_model.safetensors": b"weights", "tokenizer.json": b"{}"}
    )
    assert weights_cached(find_model("ViT-B-32-SigLIP2-256"))


def test_unreachable_hub_fails_fast(hub_cache: Path, monkeypatch: pytest.MonkeyPatch, no_network: list[str]) -> None:
    started = time.monotonic()
    with pytest.raises(WeightsMissing, match="cannot be reached") as caught:
        load_encoder("ViT-B-32", download=True)
    assert time.monotonic() - started < 5
    assert no_network, "it did try"
    assert "search models pull ViT-B-32" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refused_connection_fails_fast(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(WeightsMissing, match=r"http://127.0.0.1:9 cannot be reached"):
        pull("RN50")
    assert time.monotonic() - started < 5


def test_no_such_repository(hub: HubServer) -> None:
    with pytest.raises(WeightsMissing, match="no repository tester/none") as caught:
        pull("hf-hub:tester/none")
    assert "\n" not in str(caught.value)


def test_a_repository_without_weights(hub: HubServer, tiny_files: dict[str, bytes]) -> None:
    del tiny_files["open_clip_model.safetensors"]
    hub.repos["tester/tiny"] = tiny_files
    with pytest.raises(WeightsMissing, match=r"holds none of open_clip_model\.safetensors"):
        pull(NAME)


def test_a_gated_repository(hub: HubServer, tiny_files: dict[str, bytes]) -> None:
    hub.repos["tester/tiny"] = tiny_files
    hub.gated.add("tester/tiny")
    with pytest.raises(WeightsMissing, match="asks you to accept its terms"):
        pull(NAME)


def test_a_full_disk(hub: HubServer, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    hub.repos["tester/tiny"] = tiny_files

    def full(*args: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(WeightsMissing, match="no space left there: make room"):
        pull(NAME)


def test_remove_frees_what_it_says(hub_cache: Path, tiny_files: dict[str, bytes]) -> None:
    put_in_cache(hub_cache, "tester/tiny", tiny_files)
    put_in_cache(hub_cache, "other/model", {"config.json": b"{}"})
    freed = remove(NAME)
    assert freed >= sum(len(data) for data in tiny_files.values())
    assert not (hub_cache / "models--tester--tiny").exists()
    assert (hub_cache / "models--other--model").exists()
    with pytest.raises(WeightsMissing):
        load_encoder(NAME)


def test_remove_spares_a_folder_of_the_users(tiny_clip: str) -> None:
    with pytest.raises(UsageError, match="folder of your own"):
        remove(tiny_clip)
    assert weights_cached(find_model(tiny_clip))


def test_nothing_to_remove(hub_cache: Path) -> None:
    with pytest.raises(UsageError, match="nothing to remove"):
        remove("ViT-B-32")


def test_cached_models_lists_catalogue_and_others(hub_cache: Path, tiny_files: dict[str, bytes]) -> None:
    assert cached_models() == []
    put_in_cache(hub_cache, "tester/tiny", tiny_files)
    put_in_cache(hub_cache, "timm/resnet50_clip.openai", {"open_clip_model.safetensors": b"x" * 1000})
    put_in_cache(hub_cache, "someone/gpt", {"config.json": b"{}"})
    put_in_cache(hub_cache, "someone/broken", {"open_clip_config.json": b"{"})
    listed = cached_models()
    assert [model.name for model in listed] == ["RN50", NAME]
    assert listed[0].size_bytes >= 1000
    assert listed[1].path.name == "open_clip_model.safetensors"


def test_cache_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert encoders.cache_folder() == tmp_path / "x" / "huggingface" / "hub"
    monkeypatch.setenv("HF_HOME", str(tmp_path / "h"))
    assert encoders.cache_folder() == tmp_path / "h" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "c"))
    assert encoders.cache_folder() == tmp_path / "c"


def test_damaged_weights_are_one_line(tiny_files: dict[str, bytes], tmp_path: Path) -> None:
    for name, data in tiny_files.items():
        (tmp_path / name).write_bytes(data[: len(data) // 2] if name.endswith("safetensors") else data)
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        _ = load_encoder(f"local-dir:{tmp_path}").info.identity
    assert "search models pull" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_refused(tiny_files: dict[str, bytes], tmp_path: Path) -> None:
    config = json.loads(tiny_files["open_clip_config.json"])
    config["model_cfg"]["vision_cfg"]["layers"] = 3
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    (tmp_path / "open_clip_model.safetensors").write_bytes(tiny_files["open_clip_model.safetensors"])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(f"local-dir:{tmp_path}").encode_pixels(PICTURES)


def test_hash_of_a_hub_file_is_its_blobs_name(hub_cache: Path) -> None:
    put_in_cache(hub_cache, "tester/tiny", {"open_clip_model.safetensors": b"12345"})
    path = hub_cache / "models--tester--tiny" / "snapshots" / COMMIT / "open_clip_model.safetensors"
    wanted = hashlib.sha256(b"12345").hexdigest()
    assert weights_hash(path) == wanted
    path.resolve().write_bytes(b"the name is believed, the file is not read")
    assert weights_hash(path) == wanted


def test_hash_of_another_large_file_is_remembered_until_it_changes(tmp_path: Path, hub_cache: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"a" * (33 << 20))
    first = weights_hash(path)
    assert first == hashlib.sha256(path.read_bytes()).hexdigest()
    book = tmp_path / "caches" / "semantic-image-search" / "weights.json"
    assert list(json.loads(book.read_text()).values()) == [first]

    book.write_text(book.read_text().replace(first, "f" * 64))
    assert weights_hash(path) == "f" * 64, "taken from the book"
    path.write_bytes(b"b" * (33 << 20))
    assert weights_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest(), "changed: read again"
    book.write_text("{torn")
    assert weights_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_logit_scale_is_read_alone(tiny_clip: str, tmp_path: Path) -> None:
    folder = Path(tiny_clip.removeprefix("local-dir:"))
    assert read_logit_scale(folder / "open_clip_model.safetensors") == pytest.approx(1 / 0.07, rel=1e-6)
    (tmp_path / "w.bin").write_bytes(b"")
    assert read_logit_scale(tmp_path / "w.bin") is None
