"""Which device and precision are taken. The machine of the tests may or may not have a GPU."""

import pytest
import torch

from core.errors import DeviceError
from core.models import Device
from encoders import load_encoder
from encoders.device import Precision, multiplying, resolve_device

MISSING = [
    device
    for device, there in ((Device.CUDA, torch.cuda.is_available()), (Device.MPS, torch.backends.mps.is_available()))
    if not there
]


@pytest.mark.parametrize("device", MISSING)
def test_a_device_that_is_not_there_is_one_line(device: Device, tiny_clip: str) -> None:
    with pytest.raises(DeviceError, match=f"no {device} device here") as caught:
        load_encoder(tiny_clip, device=device)
    assert "--device cpu" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_auto_takes_the_best_there_is() -> None:
    best = next((name for name in ("cuda", "mps") if name not in [device.value for device in MISSING]), "cpu")
    assert resolve_device(Device.AUTO).device == best


@pytest.mark.parametrize(
    ("available", "wanted"),
    [
        ((True, True), ("cuda", Precision.FLOAT16)),
        ((False, True), ("mps", Precision.FLOAT32)),
        ((False, False), ("cpu", None)),
    ],
)
def test_auto_prefers_cuda_then_mps_then_cpu(
    available: tuple[bool, bool], wanted: tuple[str, Precision | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available[0])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: available[1])
    taken = resolve_device(Device.AUTO)
    assert taken.device == wanted[0]
    assert wanted[1] is None or taken.precision is wanted[1]
    assert taken.precision.value in taken.label


def test_a_cpu_without_bf16_units_stays_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    for sign in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, sign, lambda: False, raising=False)
    assert resolve_device(Device.CPU).precision is Precision.FLOAT32


def test_settings_come_back_after_an_error() -> None:
    placement = resolve_device(Device.CPU)
    before = torch.backends.mkldnn.matmul.fp32_precision  # type: ignore[attr-defined]  # made at run time
    with pytest.raises(RuntimeError), multiplying(placement):
        raise RuntimeError
    assert torch.backends.mkldnn.matmul.fp32_precision == before  # type: ignore[attr-defined]  # made at run time
    assert not torch.is_inference_mode_enabled()
