"""Invariant 4: the next generation is written beside the old one, and one transaction flips."""

from pathlib import Path

import numpy as np
import pytest

from db import LibraryWriter, check_library, open_reader, open_writer
from tests.db.making import Disk, index, unit


@pytest.fixture
def worn(writer: LibraryWriter, disk: Disk) -> Disk:
    """Twenty pictures: four pruned, one hidden, one edited."""
    for number in range(20):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    for number in (0, 5, 6, 19):
        del disk.files[b"/p/%d" % number]
    index(writer, disk, b"/p", prune=True)
    disk.put(b"/p/8", "edited")
    index(writer, disk, b"/p")
    del disk.files[b"/p/10"]
    index(writer, disk, b"/p")
    return disk


def hits(library: Path) -> list[tuple[bytes, float]]:
    with open_reader(library) as reader:
        space = reader.active_space()
        found = reader.search(space, unit("a query"), 30)
        return [(p.path, float(s)) for p, s in zip(reader.pictures(space, found.rows), found.scores, strict=True)]


def test_the_answers_stay_and_the_rows_go(writer: LibraryWriter, worn: Disk, library: Path) -> None:
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=10**6, force=True)
    before = hits(library)
    assert writer.compact(space) == 4
    assert hits(library) == before
    with open_reader(library) as reader:
        generation = reader.generation(space)
        assert (generation.number, generation.committed_rows, generation.live_rows) == (2, 17, 15)
        assert (generation.index, generation.columns_rows) == (None, 0)
    assert [path.name for path in (library / "spaces").rglob("*.*")] == ["vectors.2.f16"]
    assert check_library(library) == []
    assert writer.compact(space) == 0  # nothing to do
    # what was hidden comes back from its row, what was edited is undone from it
    worn.put(b"/p/10", "/p/10")
    worn.put(b"/p/8", "/p/8")
    assert index(writer, worn, b"/p")[0].embedded == 0
    assert b"/p/10" in dict(hits(library))


@pytest.mark.parametrize("moment", ["_renumber", "_flip", "_remove"])
def test_a_crash_at_any_point_is_harmless(
    writer: LibraryWriter, worn: Disk, library: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    space = writer.spaces()[0]
    before = hits(library)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"db.compaction.{moment}", crash)
        with pytest.raises(KeyboardInterrupt):
            writer.compact(space)
    assert hits(library) == before
    writer.close()
    with open_writer(library, command="index") as again:
        assert check_library(library) == []
        assert len(list((library / "spaces").rglob("vectors.*"))) == 1
        again.compact(space)
    assert hits(library) == before
    assert check_library(library) == []


def test_everything_gone(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a")
    index(writer, disk, b"/p")
    writer.forget(b"/p")
    assert writer.compact(writer.spaces()[0]) == 1
    assert hits(library) == []
    disk.put(b"/q/b")
    index(writer, disk, b"/q")
    assert [path for path, _ in hits(library)] == [b"/q/b"]


def test_rows_keep_their_vectors(writer: LibraryWriter, worn: Disk, library: Path) -> None:
    space = writer.spaces()[0]
    writer.compact(space)
    with open_reader(library) as reader:
        for picture in reader.pictures(space, range(17)):
            text = worn.files[picture.path][0]
            (vector,) = reader.vectors(space, np.array([picture.row]))
            assert vector == pytest.approx(unit(f"fake:{text}"), abs=1e-3)
