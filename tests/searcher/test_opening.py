"""Pictures opened for a second look: alone or many at once, the same; what cannot be read is its problem."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind
from core.models import Preprocess
from core.pictures import DecodedPicture
from searcher import opening
from searcher.opening import MANY, Opener

FIT = Preprocess(height=16, width=16, resize="squash")


@pytest.fixture
def paths(tmp_path: Path) -> list[bytes]:
    """Twice MANY files; the fourth is gone and the sixth is broken."""
    files = [tmp_path / f"{number}.png" for number in range(2 * MANY)]
    for number, file in enumerate(files):
        Image.new("RGB", (20, 30), (5 * number, 200 - 5 * number, 7)).save(file)
    files[3].unlink()
    files[5].write_bytes(b"no picture")
    return [os.fsencode(file) for file in files]


def test_many_at_once_are_what_each_is_alone(paths: list[bytes]) -> None:
    opener = Opener(FIT, workers=2)
    try:
        together = opener.open(paths)
    finally:
        opener.rest()
    alone = Opener(FIT, workers=1).open(paths)
    for one, other in zip(together, alone, strict=True):
        assert type(one) is type(other)
        if isinstance(one, DecodedPicture):
            np.testing.assert_array_equal(one.pixels[0], other.pixels[0])
            assert one.content_hash == other.content_hash
        else:
            assert one.kind is other.kind
    kinds = [one.kind for one in together if isinstance(one, PictureProblem)]
    assert kinds == [ProblemKind.VANISHED, ProblemKind.NOT_A_PICTURE]


def test_workers_end_and_can_be_started_again(paths: list[bytes]) -> None:
    opener = Opener(FIT, workers=2)
    for _ in range(2):
        assert isinstance(opener.open(paths)[0], DecodedPicture)
        opener.rest()
    opener.rest()


@pytest.mark.parametrize("count", [1, MANY])
def test_what_is_in_a_cloud_is_not_fetched(paths: list[bytes], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "is_online_only", lambda stat: stat.st_size > 0)
    opener = Opener(FIT, workers=2)
    found = opener.open(paths[:count])
    opener.rest()
    assert isinstance(found[0], PictureProblem)
    assert found[0].kind is ProblemKind.ONLINE_ONLY


def test_a_thread_that_is_done_does_not_end_the_workers_of_another(paths: list[bytes]) -> None:
    opener, started = Opener(FIT, workers=2), threading.Barrier(3)

    def open_some(times: int) -> int:
        started.wait()
        opened = 0
        for _ in range(times):
            opened += sum(isinstance(one, DecodedPicture) for one in opener.open(paths))
            opener.rest()
        return opened

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(open_some, (1, 2, 3))) == [n * (len(paths) - 2) for n in (1, 2, 3)]
