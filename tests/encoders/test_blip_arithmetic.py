"""Where a BLIP runs and how it multiplies, whatever the machine of the tests has; and that it loads once."""

import threading

import numpy as np
import pytest
import torch

from core.models import Device
from encoders import load_reranker
from encoders.blip import arithmetic, model
from encoders.blip.arithmetic import Arithmetic, arithmetic_for, place
from encoders.device import Precision
from tests.tiny_blip import MODEL_FOLDER

LARGE, SMALL = 895 << 20, 2 << 20  # bytes of weights


def cpu_with(monkeypatch: pytest.MonkeyPatch, *, amx: bool, bf16: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16, raising=False)


@pytest.mark.parametrize(
    ("amx", "bf16", "weights", "taken"),
    [
        (False, True, LARGE, Precision.BFLOAT16),
        (True, True, LARGE, Precision.BFLOAT16),
        (False, True, SMALL, Precision.FLOAT32),
        (False, False, LARGE, Precision.FLOAT32),
    ],
)
def test_a_cpu_takes_bfloat16_where_it_has_the_units_and_it_pays(
    amx: bool, bf16: bool, weights: int, taken: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu_with(monkeypatch, amx=amx, bf16=bf16)
    placement = place(Device.CPU, weights_bytes=weights)
    assert (placement.device, placement.precision, placement.label) == ("cpu", taken, f"CPU, {taken}")
    assert arithmetic_for(placement).exact == (taken is Precision.FLOAT32)


@pytest.mark.parametrize(("capability", "taken"), [((9, 0), Precision.BFLOAT16), ((7, 5), Precision.FLOAT32)])
def test_a_gpu_takes_bfloat16_from_ampere_on(
    capability: tuple[int, int], taken: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    placement = place(Device.AUTO, weights_bytes=LARGE)
    assert (placement.device, placement.precision, placement.label) == ("cuda", taken, f"A GPU (cuda), {taken}")


@pytest.mark.parametrize("packed", [True, False])
def test_a_product_in_bfloat16_is_the_layers_own_but_for_rounding(
    packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not packed:  # as with a torch that cannot lay weights out beforehand
        monkeypatch.setattr(arithmetic, "_packing", lambda _arithmetic: False)
    torch.manual_seed(0)
    layers = torch.nn.Linear(96, 64), torch.nn.Linear(96, 32)
    values = torch.randn(3, 5, 96)
    right = torch.cat([layer(values) for layer in layers], -1)
    with torch.inference_mode():
        exact = Arithmetic("cpu", torch.float32).dense(*layers)(values)
        near = Arithmetic("cpu", torch.bfloat16).dense(*layers)(values)
    torch.testing.assert_close(exact, right, atol=1e-5, rtol=0)
    assert near.dtype is torch.bfloat16
    torch.testing.assert_close(near.float(), right, atol=2e-2, rtol=0)


def test_float32_shares_the_files_memory_and_bfloat16_lets_go_of_it() -> None:
    layer = torch.nn.Linear(8, 8)
    norm = torch.nn.LayerNorm(8)
    own = norm.weight.data_ptr()
    exact = Arithmetic("cpu", torch.float32)
    assert exact.weight(layer.weight).data_ptr() == layer.weight.data_ptr()
    assert exact.keep(norm).weight.data_ptr() == own
    assert Arithmetic("cpu", torch.bfloat16).keep(norm).weight.data_ptr() != own


def test_threads_load_one_model_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[object] = []
    build = model.build_blip
    monkeypatch.setattr(model, "build_blip", lambda spec, files: (built.append(files.weights), build(spec, files))[1])
    reranker = load_reranker(f"local-dir:{MODEL_FOLDER}")
    _ = reranker.info
    assert built == [], "what is known of it needs no weights"
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    scores: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: scores.append(reranker.match(["red"], reranker.see(pixels)).itm))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1
    assert len(scores) == 4
    for one in scores:
        np.testing.assert_array_equal(one, scores[0])
