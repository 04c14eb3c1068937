import numpy as np
import pytest

from core.errors import UsageError
from searcher.rank_files import BATCH, rank_files
from tests.fakes import COLOURS, FakeEncoder


def painted(colour: str) -> np.ndarray:
    pixels = np.empty((32, 32, 3), np.uint8)
    pixels[:] = COLOURS[colour]
    return pixels


def test_the_best_fitting_picture_comes_first():
    encoder = FakeEncoder()
    pictures = [(colour.encode(), painted(colour)) for colour in COLOURS]
    ranked = rank_files(encoder, " red ", pictures)
    assert ranked[0].path == b"red"
    wanted = encoder.encode_texts(["red"])[0]
    for path, score in ranked:
        assert score == pytest.approx(float(encoder.encode_pixels(painted(path.decode())[None])[0] @ wanted), abs=1e-6)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)


def test_ties_by_path_and_more_than_a_batch():
    pictures = [(b"%04d" % i, painted("blue")) for i in reversed(range(2 * BATCH + 3))]
    ranked = rank_files(FakeEncoder(), "blue", pictures)
    assert [one.path for one in ranked] == sorted(path for path, _ in pictures)
    assert ranked[0].score == pytest.approx(1.0, abs=1e-6)


def test_nothing_to_rank_and_nothing_asked():
    assert rank_files(FakeEncoder(), "red", []) == []
    with pytest.raises(UsageError, match="empty"):
        rank_files(FakeEncoder(), "  ", [])
