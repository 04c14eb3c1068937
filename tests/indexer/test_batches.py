"""How many pictures are encoded at once."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.arrays import Pixels, Vectors
from core.batches import PICTURES_AT_ONCE, batch_size_for
from tests.fakes import FakeEncoder
from tests.indexer.runs import index


class Roomy(FakeEncoder):
    """An encoder that wants many pictures at once, and notes how many it was given."""

    batch_size = 40

    def __init__(self) -> None:
        super().__init__(size=8)
        self.given: list[int] = []

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        self.given.append(len(pixels))
        return super().encode_pixels(pixels)


def test_what_was_asked_for_wins() -> None:
    assert batch_size_for([Roomy()], 3) == 3


def test_an_encoder_may_say_how_many_it_wants() -> None:
    assert batch_size_for([FakeEncoder(size=8), Roomy()]) == Roomy.batch_size
    assert batch_size_for([FakeEncoder(size=8)]) == PICTURES_AT_ONCE
    assert batch_size_for([]) == PICTURES_AT_ONCE


@pytest.mark.parametrize(("asked", "first"), [(0, Roomy.batch_size), (5, 5)])
def test_a_run_encodes_so_many_at_once(asked: int, first: int, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(45):
        Image.fromarray(np.full((8, 8, 3), 5 * number, np.uint8)).save(photos / f"{number}.png")
    encoder = Roomy()
    index(tmp_path / "library", photos, encoder=encoder, batch_size=asked)
    assert encoder.given[0] == first
    assert sum(encoder.given) == 45
