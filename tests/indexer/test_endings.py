"""Runs that end early: Ctrl-C, kill -9, a full disk. What was committed stays, and the next run makes it whole."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import StorageFull
from db import check_library
from tests.indexer.program import finished, start
from tests.indexer.runs import accounted, album, held, index, top
from tests.small_disk import mounted

PICTURES = 120


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many pictures, some of them alike, some of them broken."""
    folder = tmp_path_factory.mktemp("killed") / "photos"
    for path in album(folder, PICTURES)[:10]:
        (folder / f"copy-of-{path.name}").write_bytes(path.read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)
    return folder


@pytest.fixture(scope="module")
def whole(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that one undisturbed run makes of them."""
    library = tmp_path_factory.mktemp("whole") / "library"
    index(library, photos)
    return library


def assert_equal(library: Path, whole: Path) -> None:
    """The same files, contents, vectors and answers; and nothing for the doctor."""
    assert check_library(library) == []
    ours, theirs = held(library), held(whole)
    assert set(ours) == set(theirs)
    for path, shown in ours.items():
        assert shown.content == theirs[path].content
        assert np.array_equal(shown.vector, theirs[path].vector)
    for shown in list(theirs.values())[::20]:
        assert top(library, shown.vector, 5) == top(whole, shown.vector, 5)


def wait_for(run: subprocess.Popen[str], stage: str, done: int) -> None:
    """Reads the program's progress up to this point, or to its end."""
    assert run.stdout is not None
    for line in run.stdout:
        if f'"stage": "{stage}"' in line and int(line.split('"done": ')[1].split(",")[0]) >= done:
            return


def test_ctrl_c_keeps_what_is_finished(photos: Path, whole: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    run = start(library, photos, slow=0.02)
    wait_for(run, "index", 40)
    pressed = time.monotonic()
    run.send_signal(signal.SIGINT)
    report = finished(run)
    assert time.monotonic() - pressed < 5
    assert (report["code"], report["interrupted"]) == (0, True)
    assert 16 <= int(str(report["embedded"])) < PICTURES
    assert (report["removed"], report["offline"]) == (0, 0)
    assert len(held(library)) >= int(str(report["added"])) > 0
    again = index(library, photos)
    assert again.embedded == PICTURES - int(str(report["embedded"]))
    assert accounted(again) == PICTURES + 11
    assert_equal(library, whole)


def test_ctrl_c_while_scanning_judges_nothing(photos: Path, whole: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    index(library, photos)

    def press(progress: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    report = index(library, photos.parent, listener=press)  # the first progress there is: while scanning
    assert report.interrupted
    assert (report.removed, report.offline, accounted(report)) == (0, 0, 0)
    assert_equal(library, whole)


def test_a_second_ctrl_c_aborts_at_once(photos: Path, whole: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    run = start(library, photos, slow=0.5)  # 4 s for a batch
    wait_for(run, "index", 20)
    run.send_signal(signal.SIGINT)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    time.sleep(0.1)
    run.send_signal(signal.SIGINT)  # the interpreter itself waits for the batch that is being encoded
    _, err = run.communicate(timeout=10)
    assert run.returncode != 0
    assert "KeyboardInterrupt" in err
    index(library, photos)
    assert_equal(library, whole)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kill_at_random_moments(seed: int, photos: Path, whole: Path, tmp_path: Path) -> None:
    """Thirty kills in all: five libraries, each killed six times from its first moments on."""
    library = tmp_path / "library"
    moments = random.Random(seed)
    for stage, done in (("scan", 0), ("index", 1), ("index", 40)) * 2:  # at 40 a batch is committed
        run = start(library, photos, slow=0.01)
        wait_for(run, stage, done)
        time.sleep(moments.uniform(0.0, 0.6))
        run.kill()
        run.communicate()
    report = index(library, photos)
    assert accounted(report) == PICTURES + 11
    assert report.embedded < PICTURES  # what was committed before a kill was not done again
    assert_equal(library, whole)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    with mounted(tmp_path / "small", "2m", lazily=True) as folder:
        yield folder


@pytest.mark.parametrize("free_kb", [0, 16, 40, 120, 250])
def test_a_full_disk_is_one_clear_error_and_loses_nothing(
    small_disk: Path, photos: Path, whole: Path, free_kb: int
) -> None:
    library = small_disk / "library"
    ballast = small_disk / "ballast"
    first = [photos / f"{i:04d}.jpg" for i in range(5)]
    index(library, *first)
    stat = os.statvfs(small_disk)
    ballast.write_bytes(b"\0" * (stat.f_bavail * stat.f_frsize - free_kb * 1024))
    with pytest.raises(StorageFull) as caught:
        index(library, photos)
    assert str(library) in str(caught.value)
    assert "\n" not in str(caught.value)
    ballast.unlink()
    assert {os.fsencode(path) for path in first} <= set(held(library))
    assert accounted(index(library, photos)) == PICTURES + 11
    assert_equal(library, whole)
