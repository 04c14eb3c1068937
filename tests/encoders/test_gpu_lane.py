"""One GPU's lane without a GPU: what it puts where and in which order, and its arithmetic with the CPU in place of it."""

from typing import Any

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from core.errors import DeviceError
from core.models import Preprocess
from encoders import ClipEncoder, gpu_lane, load_encoder
from encoders.gpu_lane import GpuLane, pictures_for
from encoders.replicas import image_tower, text_tower
from tests.encoders.fake_gpus import Account, FakeCuda, FakeStream

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def encoder(tiny_clip: str) -> ClipEncoder:
    return load_encoder(tiny_clip)


@pytest.fixture(scope="module")
def model(encoder: ClipEncoder) -> Any:
    return encoder._torch.load().model


def fit_of(encoder: ClipEncoder) -> Preprocess:
    return encoder.info.preprocess


def queue_two_parts(encoder: ClipEncoder, model: Any, patch: pytest.MonkeyPatch) -> tuple[Account, FakeCuda]:
    """Two parts put into the queues of a second GPU that is not there."""
    cuda = FakeCuda().install(patch)
    with FakeTensorMode(allow_non_fake_inputs=True), Account(cuda) as account:
        lane = GpuLane(
            "cuda:1",
            lambda: image_tower(model, "cuda:1", torch.float16).encode_image,
            dtype=torch.float16,
            fit=fit_of(encoder),
        )
        waits = [lane.start(PIXELS[:5]), lane.start(PIXELS[5:])]
        assert not cuda.waits, "the second part is queued before the first is waited for"
        for wait in waits:
            with pytest.raises(RuntimeError, match="numpy"):  # tensors that are not there have no values
                wait()
    return account, cuda


def test_nothing_is_read_before_it_is_there_and_all_is_on_one_gpu(
    encoder: ClipEncoder, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, cuda = queue_two_parts(encoder, model, monkeypatch)
    assert account.races == []
    assert {device for device in account.devices if device.startswith("cuda")} == {"cuda:1"}
    assert cuda.waits == 2, "rows are handed out after the GPU is through"


def test_the_account_finds_a_stream_that_does_not_wait(
    encoder: ClipEncoder, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeStream, "wait_stream", lambda self, other: None)
    account, _ = queue_two_parts(encoder, model, monkeypatch)
    assert any("mul" in race for race in account.races)


def test_a_tower_on_the_wrong_gpu_is_found(encoder: ClipEncoder, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCuda().install(monkeypatch)
    with (
        FakeTensorMode(allow_non_fake_inputs=True),
        pytest.raises(Exception, match=r"cuda:0.* cuda:1"),
    ):
        GpuLane(
            "cuda:1",
            lambda: image_tower(model, "cuda:0", torch.float16).encode_image,
            dtype=torch.float16,
            fit=fit_of(encoder),
        ).start(PIXELS)


def test_texts_are_read_on_the_gpu_with_nothing_left_behind(encoder: ClipEncoder, model: Any) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True), torch.inference_mode():
        tokens = torch.zeros((2, encoder.spec.context_length), dtype=torch.int64, device="cuda:0")
        rows = text_tower(model, "cuda:0", torch.float32).encode_text(tokens)
    assert (str(rows.device), tuple(rows.shape)) == ("cuda:0", (2, encoder.info.dim))


class OnTheCpu:
    """Lanes whose GPU is the CPU."""

    def __init__(self, encoder: ClipEncoder, model: Any, patch: pytest.MonkeyPatch) -> None:
        self.cuda = FakeCuda().install(patch)
        patch.setattr(gpu_lane, "_pinned", lambda shape, dtype: torch.full(shape, 77, dtype=dtype))
        self._encoder = encoder
        self._model = model

    def lane(self, dtype: torch.dtype = torch.float16, *, most: int = 1000, at_once: int = 0) -> GpuLane:
        """`most`: a tower given more pictures than this runs out of memory."""
        real = image_tower(self._model, "cpu", dtype).encode_image

        def encode_image(images: torch.Tensor) -> torch.Tensor:
            if len(images) > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore lines.")
            return real(images)

        return GpuLane("cpu", lambda: encode_image, dtype=dtype, fit=fit_of(self._encoder), at_once=at_once)


@pytest.fixture
def on_the_cpu(encoder: ClipEncoder, model: Any, monkeypatch: pytest.MonkeyPatch) -> OnTheCpu:
    return OnTheCpu(encoder, model, monkeypatch)


@pytest.mark.parametrize(("dtype", "least"), [(torch.float32, 0.999999), (torch.float16, 0.9999)])
def test_rows_are_those_of_the_reference(
    dtype: torch.dtype, least: float, encoder: ClipEncoder, on_the_cpu: OnTheCpu
) -> None:
    rows = on_the_cpu.lane(dtype).start(PIXELS)()
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert (rows * encoder._torch.encode_pixels(PIXELS)).sum(1).min() >= least


def test_what_does_not_fit_is_done_in_halves_and_remembered(encoder: ClipEncoder, on_the_cpu: OnTheCpu) -> None:
    lane = on_the_cpu.lane(torch.float32, most=3, at_once=256)
    rows = lane.start(PIXELS)()
    np.testing.assert_allclose(rows, encoder._torch.encode_pixels(PIXELS), atol=1e-5)
    assert lane.at_once == 2, "half of 4, the last that did not fit"
    emptied = on_the_cpu.cuda.emptied
    assert emptied
    lane.start(PIXELS[:3])()
    assert on_the_cpu.cuda.emptied == emptied


def test_a_gpu_without_memory_for_one_picture_is_one_line(on_the_cpu: OnTheCpu) -> None:
    with pytest.raises(
        DeviceError, match=r"^A GPU \(cpu\) has too little memory free \(CUDA out of memory\. "
    ) as caught:
        on_the_cpu.lane(most=0).start(PIXELS)
    assert "\n" not in str(caught.value)
    assert "CUDA_VISIBLE_DEVICES" in str(caught.value)


def test_a_gpu_without_memory_for_the_model_is_tried_once(encoder: ClipEncoder, on_the_cpu: OnTheCpu) -> None:
    tries = []

    def load() -> Any:
        tries.append(1)
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(DeviceError, match="too little memory"):
        GpuLane("cpu", load, dtype=torch.float16, fit=fit_of(encoder)).start(PIXELS)
    assert len(tries) == 1


@pytest.mark.parametrize(("free_gib", "pictures"), [(139, 256), (16, 256), (15, 128), (7, 64), (3, 32), (0, 32)])
def test_pictures_at_once_go_by_the_memory_that_is_free(
    free_gib: int, pictures: int, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pictures_for(free_gib << 30) == pictures
    FakeCuda(free_bytes=free_gib << 30).install(monkeypatch)
    lane = GpuLane("cuda:0", dict, dtype=torch.float16, fit=fit_of(encoder))
    assert lane.at_once == pictures
