"""Worker processes for pictures that somebody waits for: shared by threads, restarted, ended when unused."""

import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind
from media import AskedPicture, DecodeLimits, Drawing, PictureWorkers
from tests.passing_time import until

LIMITS = DecodeLimits()
SMALL = Drawing(64, 80)


def picture(shade: int = 0) -> AskedPicture:
    out = io.BytesIO()
    Image.new("L", (80, 60), shade).save(out, "PNG")
    return AskedPicture(data=out.getvalue())


def children() -> set[str]:
    """The decode workers of this process."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == os.getpid() and b"media.worker" in command:
                found.add(folder.name)
    return found


def has_ended(process: str) -> bool:
    """With all its threads, as its parent is told; its command line is gone a moment earlier."""
    return os.waitid(os.P_PID, int(process), os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


@pytest.fixture
def workers() -> Iterator[PictureWorkers]:
    made = PictureWorkers(limits=LIMITS, workers=2)
    yield made
    made.close()


@pytest.fixture
def slow(tmp_path: Path) -> tuple[str, ...]:
    """The command of a worker that never answers."""
    script = tmp_path / "slow.py"
    script.write_text(
        "import sys, time\n"
        "from core.frames import read_frame, write_frame\nfrom media.protocol import Ready\n"
        "read_frame(sys.stdin.buffer); write_frame(sys.stdout.buffer, Ready())\n"
        "time.sleep(600)\n"
    )
    return sys.executable, "-P", str(script)


def test_many_threads_share_them(workers: PictureWorkers) -> None:
    before = children()
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda shade: workers.draw(picture(shade), SMALL), range(16)))
    assert len(children() - before) == 2
    for shade, one in enumerate(made):
        with Image.open(io.BytesIO(one.webp)) as image:
            assert abs(image.convert("L").getpixel((10, 10)) - shade) <= 3


def test_closed_they_end_and_asked_again_others_start(workers: PictureWorkers) -> None:
    before = children()
    first = workers.draw(picture(), SMALL)
    workers.close()
    assert children() <= before
    workers.close()
    assert workers.draw(picture(), SMALL) == first


def test_unused_they_end_by_themselves() -> None:
    before = children()
    workers = PictureWorkers(limits=LIMITS, workers=1, rest_s=0.2)
    workers.draw(picture(), SMALL)
    assert children() - before
    until(lambda: children() <= before)
    workers.draw(picture(), SMALL)
    workers.close()


def test_one_that_dies_costs_one_picture(workers: PictureWorkers) -> None:
    before = children()
    workers.draw(picture(), SMALL)
    (worker,) = children() - before
    os.kill(int(worker), 9)
    until(lambda: has_ended(worker))
    assert workers.draw(picture(), SMALL).width == 80


def test_what_is_wrong_is_told(workers: PictureWorkers, tmp_path: Path) -> None:
    for asked, kind in (
        (AskedPicture(data=b"x" * 100), ProblemKind.NOT_A_PICTURE),
        (AskedPicture(os.fsencode(tmp_path / "none.jpg")), ProblemKind.VANISHED),
        (AskedPicture(os.fsencode(tmp_path)), ProblemKind.NOT_A_PICTURE),
    ):
        with pytest.raises(PictureProblem) as caught:
            workers.draw(asked, SMALL)
        assert caught.value.kind is kind


def test_closing_ends_those_at_work(slow: tuple[str, ...]) -> None:
    """Whoever waits is told, and nobody waits for a picture that takes long."""
    workers = PictureWorkers(limits=LIMITS, workers=1, command=slow)
    told: list[PictureProblem] = []

    def ask() -> None:
        with pytest.raises(PictureProblem) as caught:
            workers.draw(picture(), SMALL)
        told.append(caught.value)

    before, waiting = children(), threading.Thread(target=ask)
    waiting.start()
    until(lambda: workers._team is not None and bool(workers._team.busy))
    time.sleep(0.5)
    workers.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert len(told) == 1
    assert children() <= before


def test_one_that_hangs_is_ended(slow: tuple[str, ...]) -> None:
    workers = PictureWorkers(limits=LIMITS, workers=1, timeout_s=0.3, command=slow)
    with pytest.raises(PictureProblem) as caught:
        workers.draw(picture(), SMALL)
    assert caught.value.kind is ProblemKind.TIMEOUT
    workers.close()
