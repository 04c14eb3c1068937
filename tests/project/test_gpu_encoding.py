"""The benchmark of GPUs runs where there is none: every step of it, on the CPU with tiny models."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import gpu_encoding, gpu_variants


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(3):
        picture = rng.integers(0, 256, (60, 80, 3), np.uint8)
        Image.fromarray(picture).save(tmp_path / f"{number}.jpg")
    return tmp_path


def test_every_step_can_be_rehearsed(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_variants, "MEASURED_S", 0.0)
    file = tmp_path / "result.json"
    gpu_encoding.main(["--rehearse", "--photos", str(photos), "--json", str(file)])
    result = json.loads(file.read_text())
    assert result == json.loads(capsys.readouterr().out)
    assert "mean nothing" in result["rehearsal"]
    assert [step for step in result.values() if isinstance(step, str) and step.startswith(("failed", "left out"))] == []
    whole = result["tiny: whole"]
    assert whole["share_of_the_slower"] > 0
    assert result["tiny: float16 (as search)"]["per_s"] > 0
    assert result["blip"]["match_ms"] > 0


def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_encoding, "missing", lambda: "torch sees no CUDA device")
    with pytest.raises(SystemExit) as left:
        gpu_encoding.main([])
    assert left.value.code == 2
    assert capsys.readouterr().err == "this benchmark needs a GPU: torch sees no CUDA device\n"
