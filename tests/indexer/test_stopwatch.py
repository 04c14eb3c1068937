"""The stages of a run add up to the run, and each is measured where it happens."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.arrays import Pixels, Vectors
from core.indexing import RunProfile, Stage, StageTime
from indexer.stopwatch import Stopwatch
from media import Elapsed, Spent
from tests.fakes import FakeEncoder
from tests.indexer.runs import index

CALLING = (Stage.SCAN, Stage.WRITE, Stage.FINISH, Stage.WAIT_DECODE, Stage.WAIT_ENCODE, Stage.REST)


def by_stage(profile: RunProfile) -> dict[Stage, StageTime]:
    return {one.stage: one for one in profile.stages}


def busy(seconds: float) -> None:
    start = time.thread_time()
    while time.thread_time() - start < seconds:
        pass


class Busy(FakeEncoder):
    """Computes for 5 ms over each picture."""

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        busy(0.005 * len(pixels))
        return super().encode_pixels(pixels)


@pytest.fixture
def profile(tmp_path: Path) -> RunProfile:
    """Of a run over 40 pictures."""
    rng = np.random.default_rng(3)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(40):
        Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8)).save(folder / f"{number}.png")
    report = index(tmp_path / "library", folder, encoder=Busy())
    assert report.profile is not None
    assert report.embedded == 40
    return report.profile


def test_every_stage_of_a_run_took_time(profile: RunProfile) -> None:
    stages = by_stage(profile)
    assert list(stages) == list(Stage)
    for stage in set(Stage) - {Stage.REST, Stage.WAIT_ENCODE}:
        assert stages[stage].wall_s > 0, stage
    assert stages[Stage.ENCODE].cpu_s >= 40 * 0.005
    assert stages[Stage.ENCODE].wall_s >= 40 * 0.005
    assert stages[Stage.DECODE].cpu_s > stages[Stage.TRANSFER].cpu_s / 10


def test_the_calling_thread_adds_up_to_the_run(profile: RunProfile) -> None:
    stages = by_stage(profile)
    assert sum(stages[stage].wall_s for stage in CALLING) == pytest.approx(profile.wall_s, rel=0.01)


def test_the_processor_times_add_up(profile: RunProfile) -> None:
    assert sum(one.cpu_s for one in profile.stages) == pytest.approx(profile.cpu_s, rel=0.1)


def test_what_others_say_is_added() -> None:
    stopwatch = Stopwatch()
    for _ in range(2):
        stopwatch.spent(Spent(Elapsed(1.0, 0.5), Elapsed(2.0, 1.5), Elapsed(0.25, 0.125)))
        stopwatch.encoded(3.0)
    with stopwatch.during(Stage.WRITE):
        busy(0.02)
    done = stopwatch.stop(workers=3)
    stages = by_stage(done)
    assert stages[Stage.READ] == StageTime(Stage.READ, 2.0, 1.0)
    assert stages[Stage.DECODE] == StageTime(Stage.DECODE, 4.0, 3.0)
    assert stages[Stage.TRANSFER] == StageTime(Stage.TRANSFER, 0.5, 0.25)
    assert stages[Stage.ENCODE].wall_s == 6.0
    assert stages[Stage.WRITE].cpu_s >= 0.02
    assert stages[Stage.REST].cpu_s < 0.02
    assert done.workers == 3
    assert done.cpu_s >= 4.0 + 0.02
