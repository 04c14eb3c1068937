"""Neutral texts are kept with each space, and known again."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from core.arrays import Vectors
from db import LibraryWriter, open_reader
from tests.db.making import DIM, Disk, index, model, unit

TEXTS = ("a cat", "a road")
VECTORS = np.stack([unit(text) for text in TEXTS])


def kept(library: Path) -> Vectors | None:
    with open_reader(library) as reader:
        return reader.neutral_texts(reader.active_space())


@pytest.fixture(autouse=True)
def a_picture(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/1")
    index(writer, disk, b"/p")


def test_a_library_of_before_has_none(writer: LibraryWriter, library: Path) -> None:
    assert not writer.has_neutral_texts(writer.spaces()[0], TEXTS)
    assert kept(library) is None


def test_texts_are_kept_as_float16_and_known_again(writer: LibraryWriter, library: Path) -> None:
    space = writer.spaces()[0]
    writer.keep_neutral_texts(space, TEXTS, VECTORS)
    np.testing.assert_array_equal(kept(library), VECTORS.astype(np.float16).astype(np.float32))
    assert writer.has_neutral_texts(space, TEXTS)
    assert not writer.has_neutral_texts(space, TEXTS[::-1])
    assert not writer.has_neutral_texts(space, (*TEXTS, "a boat"))


def test_others_take_their_place(writer: LibraryWriter, library: Path) -> None:
    space = writer.spaces()[0]
    writer.keep_neutral_texts(space, TEXTS, VECTORS)
    with open_reader(library) as reader:
        writer.keep_neutral_texts(space, ("a boat",), unit("a boat")[None])
        assert len(reader.neutral_texts(reader.active_space())) == 2  # a reader keeps what it saw
    np.testing.assert_allclose(kept(library), unit("a boat")[None], atol=1e-3)
    assert not writer.has_neutral_texts(space, TEXTS)


def test_rows_of_another_length_are_not_used(writer: LibraryWriter, library: Path) -> None:
    writer.keep_neutral_texts(writer.spaces()[0], TEXTS, VECTORS)
    writer.store.conn.exec_driver_sql("UPDATE background SET vectors = substr(vectors, 1, 7)")
    assert kept(library) is None
    assert not writer.has_neutral_texts(writer.spaces()[0], TEXTS)


def test_a_space_takes_its_own_along(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    other = writer.begin_space(model("other", dim=2 * DIM))
    for space in writer.spaces():
        writer.keep_neutral_texts(space, TEXTS, np.stack([unit(text, space.dim) for text in TEXTS]))
    assert kept(library).shape == (2, DIM)
    index(writer, disk, b"/p", spaces=writer.spaces())
    assert writer.finish_space(other.id)
    assert kept(library).shape == (2, 2 * DIM)
    writer.drop_space(1)
    left = writer.store.conn.exec_driver_sql("SELECT space_id FROM background").scalars().all()
    assert left == [other.id]


def test_what_a_caller_makes_of_it_is_made_once(library: Path) -> None:
    made = count()
    with open_reader(library) as reader:
        assert [reader.once("mean", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
        assert reader.once("other", lambda: next(made)) == 1
    with open_reader(library) as later:
        assert later.once("mean", lambda: next(made)) == 2
