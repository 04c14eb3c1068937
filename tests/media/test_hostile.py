"""The whole folder of hostile files: each one a picture or a problem with a reason, in little memory."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import PictureProblem, ProblemKind
from core.models import Preprocess
from core.pictures import DecodedPicture
from media.decode import decode_picture
from media.limits import DecodeLimits
from media.pool import DecodeJob, DecodePool

TARGET = Preprocess(height=224, width=224)
LIMITS = DecodeLimits()
GIGABYTE = 1_000_000_000


@pytest.fixture(scope="module")
def hostile(test_data: Path) -> list[bytes]:
    return sorted(bytes(file) for file in (test_data / "hostile").rglob("*") if file.is_file())


def read(path: bytes) -> tuple[DecodedPicture | None, PictureProblem | None]:
    try:
        return decode_picture(path, targets=[TARGET], limits=LIMITS), None
    except PictureProblem as problem:
        return None, problem


def test_in_this_process(hostile: list[bytes]) -> None:
    kinds: Counter[str] = Counter()
    for path in hostile:
        picture, problem = read(path)
        if problem is not None:
            assert problem.reason.strip(), path
            assert problem.reason.isprintable(), path
            assert len(problem.reason) < 250, path
            kinds[problem.kind.value] += 1
        else:
            assert picture is not None
            assert picture.pixels[0].shape == (224, 224, 3)
            assert picture.facts.width >= 1
            assert picture.facts.height >= 1
            kinds["read"] += 1
    assert sum(kinds.values()) == len(hostile) >= 1026
    assert kinds["read"] >= 550  # a reader that refused everything would pass the rest
    assert kinds[ProblemKind.EMPTY] == 1
    assert kinds[ProblemKind.IO_ERROR] == kinds[ProblemKind.CHANGED_WHILE_READING] == 0
    assert kinds[ProblemKind.TRUNCATED] > 100
    assert kinds[ProblemKind.UNSUPPORTED] > 50


def test_through_workers_in_little_memory(hostile: list[bytes]) -> None:
    """Of the 1.5 GB that the whole program may take, 1 is the model's."""
    started = time.monotonic()
    with resident() as peak, DecodePool(targets=[TARGET], limits=LIMITS, workers=2) as pool:
        outcomes = list(pool.run(DecodeJob(path) for path in hostile))
    assert time.monotonic() - started < 60
    assert {outcome.job.path for outcome in outcomes} == set(hostile)
    assert all((outcome.picture is None) != (outcome.problem is None) for outcome in outcomes)
    crashed = [outcome for outcome in outcomes if outcome.problem and outcome.problem.kind in _PROCESS_TROUBLE]
    assert not crashed
    assert max(peak) < 0.5 * GIGABYTE


_PROCESS_TROUBLE = {ProblemKind.DECODER_CRASHED, ProblemKind.TIMEOUT}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pillow/Tests__images__l2rgb_read.bmp", ProblemKind.TRUNCATED),  # 57 bytes: 3,158,064 × 48 pixels
        ("pillow/Tests__images__decompression_bomb.gif", ProblemKind.TOO_LARGE),
        ("pillow/Tests__images__bmp__b__reallybig.bmp", ProblemKind.TOO_LARGE),
        ("pillow/Tests__images__png_decompression_dos.png", ProblemKind.TOO_LARGE),
        ("small/jxl.jxl", ProblemKind.UNSUPPORTED),
        ("small/ico.ico", ProblemKind.UNSUPPORTED),
    ],
)
def test_named_ones(name: str, kind: ProblemKind, test_data: Path) -> None:
    file = test_data / "hostile" / name
    with pytest.raises(PictureProblem) as caught:
        decode_picture(bytes(file), targets=[TARGET], limits=LIMITS)
    assert caught.value.kind is kind


@contextmanager
def resident() -> Iterator[list[int]]:
    """Samples the resident bytes of this process's new children, and what this process grew by, 100 times a second."""
    samples, stop = [0], threading.Event()
    mine, others = _resident_of(os.getpid()), set(_children())  # other tests' servers and browsers

    def sample() -> None:
        while not stop.wait(0.01):
            samples.append(_resident_of(os.getpid()) - mine + sum(map(_resident_of, set(_children()) - others)))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def _children() -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.append(int(status.parent.name))
    return found


def _resident_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0
