"""Batches dealt to several devices: all rows, in order, whoever encoded them."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.arrays import Pixels, Vectors
from core.models import ModelSpec
from encoders import ClipEncoder, gpu_lane, torch_towers
from encoders.build import Towers, build_towers
from encoders.device import Placement, Precision
from encoders.parallel import LEAST, Dealer
from encoders.sources import ModelFiles, Source
from tests.encoders.fake_gpus import FakeCuda
from tests.encoders.placing import FLOAT32, placed


class FakeLane:
    """A picture's row is its first byte and the number of the lane; each part takes its time."""

    def __init__(self, number: int, *, at_once: int = 1000, part_s: float = 0.0, fails: bool = False) -> None:
        self.number = number
        self.at_once = at_once
        self.log: list[str] = []
        self.sizes: list[int] = []
        self._part_s = part_s
        self._fails = fails

    def start(self, pixels: Pixels) -> Callable[[], Vectors]:
        part = len(self.sizes)
        self.sizes.append(len(pixels))
        self.log.append(f"start {part}")
        if self._fails:
            raise RuntimeError(f"lane {self.number}")

        def wait() -> Vectors:
            time.sleep(self._part_s)
            self.log.append(f"wait {part}")
            return np.stack([pixels[:, 0, 0, 0], np.full(len(pixels), self.number)], axis=1).astype(np.float32)

        return wait


class Untouched(FakeLane):
    """A device that would be started by being asked anything."""

    @property  # type: ignore[misc]
    def at_once(self) -> int:
        raise AssertionError("this device has nothing to do")

    @at_once.setter
    def at_once(self, value: int) -> None:
        pass


def pictures(count: int) -> Pixels:
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 2, 2, 3))


@pytest.mark.parametrize("lanes", [1, 2, 3])
@pytest.mark.parametrize("count", [1, LEAST, LEAST + 1, 100, 255])
def test_rows_come_in_the_order_of_the_pictures(lanes: int, count: int) -> None:
    fakes = [FakeLane(number, at_once=20, part_s=0.001 * number) for number in range(lanes)]
    rows = Dealer(fakes, dim=2).encode(pictures(count))
    assert rows[:, 0].tolist() == list(range(count))
    assert sum(sum(lane.sizes) for lane in fakes) == count
    assert max(size for lane in fakes for size in lane.sizes) <= 20


def test_every_lane_has_work_and_the_quick_one_more() -> None:
    slow, quick = FakeLane(0, at_once=16, part_s=0.02), FakeLane(1, at_once=16, part_s=0.001)
    rows = Dealer([slow, quick], dim=2).encode(pictures(255))
    assert set(rows[:, 1]) == {0, 1}
    assert len(quick.sizes) > len(slow.sizes)


def test_a_batch_is_cut_so_that_all_lanes_are_busy() -> None:
    fakes = [FakeLane(number, part_s=0.01) for number in range(3)]
    Dealer(fakes, dim=2).encode(pictures(240))
    assert [lane.sizes for lane in fakes] == [[40, 40]] * 3


def test_what_is_too_little_to_share_starts_no_second_device() -> None:
    dealer = Dealer([FakeLane(0), Untouched(1)], dim=2)
    assert dealer.encode(pictures(LEAST))[:, 1].tolist() == [0] * LEAST


def test_the_next_part_is_under_way_before_the_rows_of_one_are_waited_for() -> None:
    lane = FakeLane(0, at_once=16)
    Dealer([lane], dim=2).encode(pictures(64))
    assert lane.log == ["start 0", "start 1", "wait 0", "start 2", "wait 1", "start 3", "wait 2", "wait 3"]


@pytest.mark.parametrize("broken", [0, 1])
def test_an_error_of_one_lane_ends_the_others_and_is_raised(broken: int) -> None:
    fakes = [FakeLane(number, at_once=16, part_s=0.01, fails=number == broken) for number in range(2)]
    with pytest.raises(RuntimeError, match=f"lane {broken}"):
        Dealer(fakes, dim=2).encode(pictures(255))
    assert len(fakes[1 - broken].sizes) < 8, "255 pictures are 16 parts"


def test_a_batch_keeps_all_of_them_busy() -> None:
    assert Dealer([FakeLane(0, at_once=256), FakeLane(1, at_once=256)], dim=2).batch_size == 1024
    assert Dealer([FakeLane(number, at_once=256) for number in range(8)], dim=2).batch_size == 2048, "memory is bounded"


# -- the whole encoder, with the CPU in place of three GPUs

PIXELS = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3), np.uint8)
THREE_GPUS = Placement("cuda", Precision.FLOAT16, "3 × A GPU (cuda), float16", 3)


@pytest.fixture
def three_gpus(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> ClipEncoder:
    FakeCuda().install(monkeypatch)
    monkeypatch.setattr(gpu_lane, "_pinned", lambda shape, dtype: torch.empty(shape, dtype=dtype))
    monkeypatch.setattr(torch_towers, "gpu_names", lambda count: ["cpu"] * count)
    return placed(tiny_clip, THREE_GPUS)


def test_three_gpus_give_the_rows_of_one_cpu(three_gpus: ClipEncoder, tiny_clip: str) -> None:
    wanted = placed(tiny_clip, FLOAT32).encode_pixels(PIXELS)
    rows = three_gpus.encode_pixels(PIXELS)
    assert (rows * wanted).sum(axis=1).min() > 0.9999
    np.testing.assert_allclose(three_gpus.encode_pixels(PIXELS[70:71])[0], rows[70], atol=1e-3)


def test_the_model_is_read_once_for_all_gpus(three_gpus: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []

    def counting(spec: ModelSpec, source: Source, files: ModelFiles) -> Towers:
        reads.append(threading.current_thread().name)
        return build_towers(spec, source, files)

    monkeypatch.setattr(torch_towers, "build_towers", counting)
    three_gpus.encode_pixels(PIXELS)
    assert len(reads) == 1


def test_pictures_that_overflow_in_float16_are_done_in_float32(
    three_gpus: ClipEncoder, tiny_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = torch_towers.image_tower
    exact: list[int] = []

    class Overflowing:
        def __init__(self, model: object, device: str, dtype: torch.dtype) -> None:
            self._tower = real(model, device, dtype)
            self._half = dtype is torch.float16

        def encode_image(self, images: torch.Tensor) -> torch.Tensor:
            rows = self._tower.encode_image(images)
            if self._half:
                rows[images.mean(dim=(1, 2, 3)) > 1.5] = torch.inf
            else:
                exact.append(len(images))
            return rows  # type: ignore[no-any-return]

    monkeypatch.setattr(torch_towers, "image_tower", Overflowing)
    bright = PIXELS.copy()
    bright[[3, 98]] = 250
    rows = three_gpus.encode_pixels(bright)
    assert exact == [2]
    np.testing.assert_allclose(rows[[3, 98]], placed(tiny_clip, FLOAT32).encode_pixels(bright[[3, 98]]), atol=1e-5)
