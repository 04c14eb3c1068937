"""ClipEncoder: identity, loading, global state, errors."""

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import ModelError
from core.models import Device, ModelSpec
from core.policy import DECODE_POLICY
from encoders import load_encoder
from encoders.device import Placement, Precision
from tests.conftest import PROJECT
from tests.encoders.placing import FLOAT32, placed
from tests.tiny_clip import make_tiny_clip


def test_info_needs_no_torch_and_agrees_with_the_loaded_model(tiny_clip: str) -> None:
    code = f"import sys, encoders; e = encoders.load_encoder({tiny_clip!r}); print(e.info.identity, 'torch' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT, env=dict(os.environ)
    )
    identity, torch_loaded = ran.stdout.split()
    encoder = load_encoder(tiny_clip)
    assert (encoder.info.identity, torch_loaded) == (identity, "False")
    assert encoder.info.logit_scale == encoder._torch.load().logit_scale


def test_identity_knows_weights_and_preprocessing_and_not_the_name(tiny_clip: str, tmp_path: Path) -> None:
    folder = Path(tiny_clip.removeprefix("local-dir:"))
    moved = shutil.copytree(folder, tmp_path / "moved")
    squashed = shutil.copytree(folder, tmp_path / "squashed")
    config = json.loads((squashed / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["resize_mode"] = "squash"
    (squashed / "open_clip_config.json").write_text(json.dumps(config))
    other = make_tiny_clip(tmp_path / "other", seed=1)

    here = load_encoder(tiny_clip).info.identity
    assert load_encoder(f"local-dir:{moved}").info.identity == here
    assert load_encoder(f"local-dir:{squashed}").info.identity != here
    assert load_encoder(other).info.identity != here
    assert DECODE_POLICY == "1", "identities of existing libraries depend on it"


def test_the_same_seed_writes_the_same_model(tiny_clip: str, tmp_path: Path) -> None:
    assert load_encoder(make_tiny_clip(tmp_path)).info.weights_hash == load_encoder(tiny_clip).info.weights_hash


def test_wrong_pixels_are_named(tiny_clip: str) -> None:
    encoder = load_encoder(tiny_clip)
    with pytest.raises(ValueError, match=r"\(n, 32, 32, 3\), not uint8 of shape \(1, 32, 33, 3\)"):
        encoder.encode_pixels(np.zeros((1, 32, 33, 3), np.uint8))
    with pytest.raises(ValueError, match="not float32"):
        encoder.encode_pixels(np.zeros((1, 32, 32, 3), np.float32))  # type: ignore[arg-type]  # the point of the test


def broken_model(folder: Path) -> str:
    """The tiny model with one weight that is not a number."""
    from safetensors.torch import load_file, save_file

    name = make_tiny_clip(folder)
    weights = load_file(folder / "open_clip_model.safetensors")
    weights["visual.proj"][0, 0] = float("nan")
    save_file(weights, folder / "open_clip_model.safetensors")
    return name


def test_values_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not finite"):
        load_encoder(broken_model(tmp_path)).encode_pixels(np.zeros((1, 32, 32, 3), np.uint8))


def test_an_overflow_in_low_precision_falls_back_to_float32(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from encoders import torch_towers

    seen = []
    real = torch_towers._unit_rows

    def overflowing(tower: Any, batch: Any, placement: Placement) -> Any:
        seen.append(placement.precision)
        rows = real(tower, batch, placement)
        return rows if placement.precision is Precision.FLOAT32 else np.full_like(rows, np.nan)

    monkeypatch.setattr(torch_towers, "_unit_rows", overflowing)
    encoder = placed(tiny_clip, replace(FLOAT32, precision=Precision.BF16_PRODUCTS))
    rows = encoder.encode_pixels(np.zeros((2, 32, 32, 3), np.uint8))
    assert seen == [Precision.BF16_PRODUCTS, Precision.FLOAT32]
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_global_state_is_as_before(tiny_clip: str) -> None:
    import torch

    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    mkldnn: Any = torch.backends.mkldnn
    switches = mkldnn.matmul.fp32_precision, mkldnn.conv.fp32_precision
    handlers, threads = list(logging.getLogger().handlers), torch.get_num_threads()

    encoder = load_encoder(tiny_clip)
    encoder.encode_pixels(np.zeros((1, 32, 32, 3), np.uint8))
    encoder.encode_texts(["a"])

    assert torch.equal(torch.random.get_rng_state(), before)
    assert (mkldnn.matmul.fp32_precision, mkldnn.conv.fp32_precision) == switches
    assert logging.getLogger().handlers == handlers
    assert torch.get_num_threads() == threads
    assert torch.is_grad_enabled()


def test_open_clips_chatter_reaches_no_log(tiny_clip: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        load_encoder(tiny_clip).encode_texts(["word " * 500])
        logging.getLogger().warning("ours")
    assert [record.getMessage() for record in caplog.records] == ["ours"]


def test_threads_share_one_load(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from encoders import torch_towers

    loads = []
    real = torch_towers.build_towers

    def counting(spec: ModelSpec, *rest: Any) -> Any:
        loads.append(spec.name)
        return real(spec, *rest)

    monkeypatch.setattr(torch_towers, "build_towers", counting)
    encoder = placed(tiny_clip, FLOAT32)
    rows: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: rows.append(encoder.encode_texts(["a dog"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [tiny_clip]
    assert len(rows) == 4
    for other in rows[1:]:
        np.testing.assert_allclose(rows[0], other, atol=1e-6)


def test_device_and_precision_are_said(tiny_clip: str) -> None:
    encoder = load_encoder(tiny_clip, device=Device.CPU)
    assert encoder.device == "cpu"
    assert encoder.precision == "float32", "so small a model gains nothing from bfloat16"
    assert encoder.precision in encoder.placement.label


def test_a_model_without_transformers_says_what_to_install(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from encoders import build

    def absent(*args: object) -> None:
        raise ModuleNotFoundError("No module named 'transformers'")

    monkeypatch.setattr(build, "_create_tokenizer", absent)
    with pytest.raises(ModelError, match="pip install transformers"):
        placed(tiny_clip, FLOAT32).encode_texts(["a"])
