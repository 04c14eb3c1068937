"""Copies are told from other pictures, on real photos."""

import io
import itertools
import random
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.queries import CopyKind
from media.copies import COMPARE_SIDE, compare_copies


@pytest.fixture(scope="module")
def photos(test_data: Path) -> list[Image.Image]:
    return [Image.open(file).convert("RGB") for file in sorted((test_data / "photos").iterdir())]


def small(image: Image.Image) -> np.ndarray:
    copy = image.copy()
    copy.thumbnail((COMPARE_SIDE, COMPARE_SIDE))
    return np.asarray(copy)


def compared(one: Image.Image, other: Image.Image) -> CopyKind | None:
    return compare_copies(small(one), small(other), query_size=one.size, candidate_size=other.size)


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def resized(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))))


def cropped(image: Image.Image, cut: float, chance: random.Random) -> Image.Image:
    left, top, right, lower = (chance.uniform(cut / 2, cut) for _ in range(4))
    width, height = image.size
    return image.crop(
        (round(left * width), round(top * height), round((1 - right) * width), round((1 - lower) * height))
    )


def test_recompressed(photos: list[Image.Image]) -> None:
    assert {compared(photo, recompressed(photo, 50)) for photo in photos[::4]} == {CopyKind.RECOMPRESSED}


@pytest.mark.parametrize("factor", [0.25, 0.6, 2.0])
def test_resized(factor: float, photos: list[Image.Image]) -> None:
    assert {compared(photo, resized(photo, factor)) for photo in photos[::4]} == {CopyKind.RESIZED}
    assert {compared(resized(photo, factor), photo) for photo in photos[::16]} == {CopyKind.RESIZED}


@pytest.mark.parametrize("cut", [0.05, 0.15, 0.3])
def test_cropped_either_way_also_when_resized(cut: float, photos: list[Image.Image]) -> None:
    chance = random.Random(7)
    for photo in photos[::8]:
        crop = recompressed(cropped(photo, cut, chance), 80)
        assert compared(photo, crop) is CopyKind.CROPPED
        assert compared(crop, photo) is CopyKind.CROPPED
        assert compared(photo, resized(crop, 0.6)) is CopyKind.CROPPED


def test_other_pictures_are_no_copies(photos: list[Image.Image]) -> None:
    """All 18,528 pairs give none (27 ms each on a busy machine, measured once); every 90th is tried here."""
    pairs = list(itertools.combinations(range(len(photos)), 2))[::90]
    started = time.process_time()
    found = [(a, b) for a, b in pairs if compared(photos[a], photos[b]) is not None]
    assert found == []
    assert (time.process_time() - started) / len(pairs) < 0.04  # seconds; 9 ms on an idle core


def test_something_else_in_one_place_is_another_picture(photos: list[Image.Image]) -> None:
    photo = photos[3]
    changed = photo.copy()
    side = min(photo.size) // 6
    changed.paste((255, 0, 255), (20, 20, 20 + side, 20 + side))
    assert compared(photo, changed) is not CopyKind.RECOMPRESSED


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (256, 3), (40, 40)])
def test_flat_and_thin_pictures(size: tuple[int, int], photos: list[Image.Image]) -> None:
    flat = Image.new("RGB", size, (90, 90, 90))
    assert compared(flat, flat) is CopyKind.RECOMPRESSED
    assert compared(flat, photos[0]) is None
    assert compared(photos[0], flat) is None
    assert compared(flat, Image.new("RGB", size, (200, 30, 30))) is None
