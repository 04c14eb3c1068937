"""Which texts an index is measured with: captions where there are enough, else the neutral ones, too."""

from pathlib import Path

import numpy as np
import pytest

from db import LibraryWriter, derived
from db.known_texts import ENOUGH, known_texts
from db.records import SpaceInfo
from tests.db.captioning import caption, caption_file, embed, imported
from tests.db.making import Disk, index, model, unit

NEUTRAL = np.stack([unit(f"neutral {number}") for number in range(30)])


@pytest.fixture
def space(writer: LibraryWriter, disk: Disk) -> SpaceInfo:
    """Eighty pictures without a caption."""
    for number in range(80):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p", batch=200)
    return writer.use_space(model())


def say(writer: LibraryWriter, library: Path, space: SpaceInfo, texts: list[str]) -> None:
    caption(library, writer, b"/p/0", *map(imported, texts))
    embed(writer, space, batch=500)


def keep_neutral(writer: LibraryWriter, space: SpaceInfo) -> None:
    writer.keep_neutral_texts(space, [str(number) for number in range(30)], NEUTRAL)


def test_without_any_text_there_is_none(writer: LibraryWriter, space: SpaceInfo) -> None:
    assert known_texts(writer.store, space) is None


def test_few_captions_are_joined_by_the_neutral_texts(writer: LibraryWriter, library: Path, space: SpaceInfo) -> None:
    keep_neutral(writer, space)
    assert known_texts(writer.store, space) == pytest.approx(NEUTRAL, abs=1e-3)
    say(writer, library, space, ["a dog", "a cat"])
    found = known_texts(writer.store, space)
    assert found == pytest.approx(np.stack([unit("fake:a dog"), unit("fake:a cat"), *NEUTRAL]), abs=1e-3)


def test_many_captions_are_enough_and_only_those_that_can_be_found(
    writer: LibraryWriter, library: Path, disk: Disk, space: SpaceInfo
) -> None:
    keep_neutral(writer, space)
    say(writer, library, space, [f"text {number}" for number in range(500)])
    found = known_texts(writer.store, space)
    assert found is not None
    assert found == pytest.approx(np.stack([unit(f"fake:text {number}") for number in range(500)]), abs=1e-3)
    say(writer, library, space, [f"more {number}" for number in range(500)])
    sample = known_texts(writer.store, space)
    assert sample is not None
    assert len(sample) == ENOUGH
    del disk.files[b"/p/0"]  # it said them all
    index(writer, disk, b"/p")
    assert known_texts(writer.store, space) == pytest.approx(NEUTRAL, abs=1e-3)


def test_lost_captions_do_not_keep_an_index_from_being_built(
    writer: LibraryWriter, library: Path, space: SpaceInfo
) -> None:
    say(writer, library, space, ["a dog"])
    file = caption_file(library)
    whole = file.read_bytes()
    file.unlink()
    assert known_texts(writer.store, space) is None
    file.write_bytes(whole)


def test_an_index_over_pictures_is_measured_with_them(
    writer: LibraryWriter, space: SpaceInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_neutral(writer, space)
    given = []

    def noted(*args: object, **options: object) -> object:
        given.append(options["texts"])
        return build(*args, **options)

    build = derived.build_index
    monkeypatch.setattr(derived, "build_index", noted)
    writer.refresh_derived(space, exact_below=64)
    assert given == [pytest.approx(NEUTRAL, abs=1e-3)]
