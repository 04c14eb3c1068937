"""Which device and precision are taken. The machine of the tests may or may not have a GPU."""

import platform
import sys
from pathlib import Path

import pytest
import torch

from core.errors import DeviceError
from core.models import Device
from encoders import device as devices
from encoders import load_encoder
from encoders.device import Precision, certainly_cpu, give_back_gpu_memory, multiplying, resolve_device
from tests.encoders.fake_gpus import FakeCuda

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
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _number: "A GPU")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _number: (9, 0))
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: available[1])
    taken = resolve_device(Device.AUTO)
    assert taken.device == wanted[0]
    assert wanted[1] is None or taken.precision is wanted[1]
    assert taken.precision.value in taken.label


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["A GPU"], "A GPU (cuda), float16"),
        (["A GPU", "A GPU"], "2 × A GPU (cuda), float16"),
        (["A GPU", "Another", "A GPU"], "3 × A GPU / Another (cuda), float16"),
        (["A GPU", "Old"], "2 × A GPU / Old (cuda), float32"),
    ],
)
def test_all_gpus_are_counted_and_named(names: list[str], label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda gpu: (6, 1) if names[gpu] == "Old" else (7, 5))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(names))
    monkeypatch.setattr(torch.cuda, "get_device_name", names.__getitem__)
    taken = resolve_device(Device.CUDA)
    assert (taken.gpus, taken.label) == (len(names), label)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Linux machine without any GPU; where its drivers would be."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(devices, "_CUDA_LIBRARY", str(tmp_path / "libcuda.so.1"))
    monkeypatch.setattr(devices, "_AMD_DRIVER", tmp_path / "kfd")
    return tmp_path


def test_auto_on_a_machine_without_gpus_is_certainly_the_cpu(bare: Path) -> None:
    assert [certainly_cpu(device) for device in (Device.AUTO, Device.CPU, Device.CUDA, Device.MPS)] == [
        True,
        True,
        False,
        False,
    ]


def test_auto_with_a_driver_is_torchs_to_say(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_CUDA_LIBRARY", None)  # dlopen(NULL): a library that is certainly there
    assert not certainly_cpu(Device.AUTO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert certainly_cpu(Device.AUTO), "no GPU may be seen"
    (bare / "kfd").touch()
    assert not certainly_cpu(Device.AUTO), "AMD's"


def test_auto_on_apple_silicon_is_torchs_to_say(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert not certainly_cpu(Device.AUTO)


def test_what_is_certain_agrees_with_torch() -> None:
    assert not certainly_cpu(Device.AUTO) or resolve_device(Device.AUTO).device == "cpu"


def test_a_cpu_without_bf16_units_stays_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    for sign in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, sign, lambda: False, raising=False)
    assert resolve_device(Device.CPU).precision is Precision.FLOAT32


@pytest.mark.parametrize("started", [True, False])
def test_a_gpus_memory_is_given_back_where_one_was_started(started: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda().install(monkeypatch)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: started)
    give_back_gpu_memory()
    assert cuda.emptied == int(started)


def test_settings_come_back_after_an_error() -> None:
    placement = resolve_device(Device.CPU)
    before = torch.backends.mkldnn.matmul.fp32_precision  # type: ignore[attr-defined]  # made at run time
    with pytest.raises(RuntimeError), multiplying(placement):
        raise RuntimeError
    assert torch.backends.mkldnn.matmul.fp32_precision == before  # type: ignore[attr-defined]  # made at run time
    assert not torch.is_inference_mode_enabled()
