"""What scores are compared with is kept with each space: a sample of its pictures, and neutral texts."""

from pathlib import Path

import numpy as np
import pytest

from core.arrays import Vectors
from db import LibraryWriter, open_reader
from db.background import BackgroundKind
from tests.db.making import Disk, index, model, unit


def kept(library: Path, kind: BackgroundKind = "pictures") -> Vectors | None:
    with open_reader(library) as reader:
        return reader.background(reader.active_space(), kind)


def refresh(writer: LibraryWriter) -> None:
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6)


def grow(writer: LibraryWriter, disk: Disk, start: int, end: int) -> None:
    for number in range(start, end):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p", batch=200)
    refresh(writer)


def test_a_small_library_is_its_own_background(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 7)
    rows = kept(library)
    own = np.stack([unit(f"fake:/p/{number}") for number in range(7)])
    np.testing.assert_allclose(np.sort(rows @ own.T, axis=0)[-1], 1.0, atol=2e-3)
    assert rows.dtype == np.float32
    assert rows.shape == own.shape


def test_a_large_library_is_sampled_and_the_same_each_time(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.background.MOST_PICTURES", 20)
    grow(writer, disk, 0, 50)
    first = kept(library)
    assert first.shape == (20, 16)
    assert len(np.unique(first, axis=0)) == 20
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
    np.testing.assert_array_equal(kept(library), first)


def test_it_is_drawn_anew_when_the_library_grew_by_half_or_lost_a_picture(
    writer: LibraryWriter, disk: Disk, library: Path
) -> None:
    grow(writer, disk, 0, 20)
    grow(writer, disk, 20, 30)
    assert len(kept(library)) == 20
    grow(writer, disk, 30, 31)
    assert len(kept(library)) == 31
    del disk.files[b"/p/3"]
    grow(writer, disk, 31, 31)
    assert len(kept(library)) == 30
    assert (kept(library) @ unit("fake:/p/3")).max() < 0.99


def test_a_reader_keeps_what_it_saw(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 10)
    with open_reader(library) as reader:
        grow(writer, disk, 10, 20)
        assert len(reader.background(reader.active_space(), "pictures")) == 10
    assert len(kept(library)) == 20


def test_a_library_of_before_has_none(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    index(writer, disk, b"/p")
    assert kept(library) is None
    assert kept(library, "texts") is None
    refresh(writer)
    assert kept(library) is None  # nor does one without pictures


def test_texts_are_known_by_their_digest(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 3)
    space = writer.spaces()[0]
    assert not writer.neutral_texts_are(space, "one")
    writer.keep_neutral_texts(space, np.stack([unit("a"), unit("b")]), "one")
    assert writer.neutral_texts_are(space, "one")
    assert not writer.neutral_texts_are(space, "two")
    np.testing.assert_allclose(kept(library, "texts"), np.stack([unit("a"), unit("b")]), atol=1e-3)
    writer.keep_neutral_texts(space, unit("c")[None], "two")
    assert kept(library, "texts").shape == (1, 16)


def test_a_space_takes_its_own_along(writer: LibraryWriter, disk: Disk) -> None:
    grow(writer, disk, 0, 3)
    other = writer.begin_space(model("other"))
    index(writer, disk, b"/p", spaces=writer.spaces())
    writer.refresh_derived(other, exact_below=10**6)
    writer.keep_neutral_texts(other, unit("a")[None], "one")
    writer.drop_space(other.id)
    spaces = writer.store.conn.exec_driver_sql("SELECT DISTINCT space_id FROM background").scalars().all()
    assert spaces == [writer.spaces()[0].id]
