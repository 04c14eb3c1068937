"""Which device an index is built and searched on: what there is, what is asked for, what is said."""

from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import DeviceError
from core.models import Device
from db.vectors import gpu
from db.vectors.engine import load_faiss
from db.vectors.gpu import FaissCuda, device_label, find_cuda, gpu_errors
from db.vectors.gpu_driver import ask_driver, free_bytes
from tests.db.vectors.cuda import FakeCuda


class Driver:
    """NVIDIA's library, as far as it is called; `code` is what cuInit answers."""

    def __init__(self, gpus: int, *, code: int = 0, free: int = 7 << 30, memory_code: int = 0) -> None:
        self.gpus, self.code, self.free_bytes, self.memory_code = gpus, code, free, memory_code
        self.contexts: list[str] = []

    def cuInit(self, flags: int) -> int:  # noqa: N802
        assert flags == 0
        return self.code

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self.gpus
        return 0

    def cuDevicePrimaryCtxRetain(self, context: Any, gpu: int) -> int:  # noqa: N802
        self.contexts.append(f"retain {gpu}")
        context._obj.value = 4711
        return 0

    def cuCtxPushCurrent_v2(self, context: Any) -> int:  # noqa: N802
        assert context.value == 4711
        self.contexts.append("push")
        return 0

    def cuMemGetInfo_v2(self, free: Any, total: Any) -> int:  # noqa: N802
        free._obj.value, total._obj.value = self.free_bytes, 8 << 30
        return self.memory_code

    def cuCtxPopCurrent_v2(self, context: Any) -> int:  # noqa: N802
        self.contexts.append("pop")
        return 0

    def cuDevicePrimaryCtxRelease_v2(self, gpu: int) -> int:  # noqa: N802
        self.contexts.append(f"release {gpu}")
        return 0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the machine one with this driver, and this many GPUs that faiss sees."""

    def make(driver: Driver | None, *, seen: int = 0, gpu_build: bool = True) -> None:
        faiss = SimpleNamespace(get_num_gpus=lambda: seen, StandardGpuResources=object)
        if gpu_build:
            faiss.GpuIndexFlat = object
        monkeypatch.setattr(gpu, "open_driver", lambda: driver)
        monkeypatch.setattr(gpu, "load_faiss", lambda: faiss)

    return make


@pytest.mark.parametrize(
    ("driver", "gpu_build", "why"),
    [
        (None, True, "no NVIDIA driver is installed"),
        (Driver(0), True, "no NVIDIA GPU was found"),
        (Driver(0, code=100), True, "no NVIDIA GPU was found"),
        (Driver(1, code=803), True, "the NVIDIA driver answers with error 803: restart the machine or mend the driver"),
        (Driver(1), True, "the NVIDIA driver is too old for the CUDA 12 that faiss-gpu is built for"),
        (Driver(1), False, "this faiss has no GPU support; put faiss-gpu in the place of faiss-cpu, on Linux x86-64"),
    ],
)
def test_cuda_that_cannot_be_had_is_one_line_and_never_the_cpu(
    machine: Any, driver: Driver | None, gpu_build: bool, why: str
) -> None:
    machine(driver, gpu_build=gpu_build)
    with pytest.raises(DeviceError) as said:
        find_cuda(Device.CUDA)
    assert str(said.value) == (
        f"there is no cuda device for the vector index here ({why}): use --device cpu, or auto for the best there is"
    )
    assert find_cuda(Device.AUTO) is None
    assert find_cuda(Device.CPU) is None


@pytest.mark.parametrize("device", [Device.CUDA, Device.AUTO])
def test_what_there_is_is_taken_and_said(machine: Any, device: Device) -> None:
    machine(Driver(2), seen=2)
    cuda = find_cuda(device)
    assert isinstance(cuda, FaissCuda)
    assert (cuda.gpus, cuda.free()) == (2, 7 << 30)
    assert find_cuda(Device.CPU) is None


def test_an_index_has_no_form_for_apple_gpus(machine: Any) -> None:
    machine(Driver(2), seen=2)
    with pytest.raises(DeviceError, match="the vector index has no mps form"):
        find_cuda(Device.MPS)


def test_faiss_is_not_asked_where_the_driver_is_broken(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end the process."""
    machine(Driver(1, code=803))
    monkeypatch.setattr(gpu.load_faiss(), "get_num_gpus", lambda: pytest.fail("faiss was asked"))
    assert find_cuda(Device.AUTO) is None


def test_labels() -> None:
    assert [device_label(it) for it in (None, FakeCuda(1), FakeCuda(3))] == ["CPU", "CUDA", "3 × CUDA"]


def test_memory_is_asked_for_in_a_context_that_is_given_back() -> None:
    driver = Driver(2, free=5 << 30)
    assert free_bytes(driver, 1) == 5 << 30
    assert driver.contexts == ["retain 1", "push", "pop", "release 1"]
    assert free_bytes(Driver(1, memory_code=201), 0) == 0


def test_the_driver_counts_what_this_process_may_use() -> None:
    assert ask_driver(Driver(4)).gpus == 4
    assert ask_driver(None).why == "no NVIDIA driver is installed"


@pytest.mark.parametrize(
    ("structure", "shard"), [("Flat", False), ("Flat", True), ("IVF4,PQ8x8np", True), ("RR32,IVF4,PQ8x8np", True)]
)
def test_the_real_calls_reach_the_real_gpus(structure: str, shard: bool) -> None:
    """Without a GPU they fail, but in the constructor of faiss's GPU index: what leads there is as this wheel wants it."""
    faiss = load_faiss()
    if not hasattr(faiss, "GpuIndexFlat") or faiss.get_num_gpus():
        pytest.skip("for a faiss with GPU support on a machine without a GPU")
    index = faiss.index_factory(32, structure, faiss.METRIC_INNER_PRODUCT)
    with (
        pytest.raises(DeviceError, match=r"^the GPU could not do it \(.*Invalid GPU device 0\): free its memory"),
        gpu_errors(),
    ):
        FaissCuda(1, None).spread(index, shard=shard, float16=shard)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="index not trained"), gpu_errors():
        raise RuntimeError("Error in faiss::IndexIVF: Error: index not trained")


def test_this_machine_is_asked_without_harm() -> None:
    """The real driver, or none, and the real faiss."""
    cuda = find_cuda(Device.AUTO)
    assert cuda is None or cuda.free() > 0
