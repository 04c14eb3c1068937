"""Invariant 4: the next generation is written beside the old one, and one transaction flips."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged, StorageFull
from db import LibraryWriter, check_library, compaction, open_reader, open_writer
from tests.conftest import PROJECT
from tests.db.compacting import EXACT_BELOW, pictures_of
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


def grown(writer: LibraryWriter, disk: Disk, count: int) -> None:
    for number in range(count):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p", batch=200)


@pytest.mark.parametrize(("gone", "kept"), [(20, 100), (21, 79)])
def test_a_copy_is_due_when_a_fifth_stands_for_nothing(
    writer: LibraryWriter, disk: Disk, library: Path, gone: int, kept: int
) -> None:
    grown(writer, disk, 100)
    for number in range(gone):
        writer.forget(b"/p/%d" % number)
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6)
    with open_reader(library) as reader:
        assert reader.generation(reader.active_space()).committed_rows == kept


def test_the_old_index_answers_until_the_new_one_does(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generation is flipped together with an index that is ready: there is no moment without one."""
    grown(writer, disk, 200)
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=64)
    for number in range(60):
        writer.forget(b"/p/%d" % number)
    seen = []
    flip = compaction._flip

    def flipping(*given: object) -> None:
        with open_reader(library) as reader:
            before = reader.generation(space)
            assert before.index is not None
            seen.append((before.number, before.index.built_rows, reader.search(space, unit("?"), 3).rows.size))
        flip(*given)

    monkeypatch.setattr(compaction, "_flip", flipping)
    writer.refresh_derived(space, exact_below=64)
    with open_reader(library) as reader:
        after = reader.generation(space)
    assert seen == [(1, 200, 3)]
    assert after.index is not None
    assert (after.number, after.committed_rows, after.index.built_rows) == (2, 140, 140)


def test_damaged_rows_are_not_vouched_for(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    """Their checksum is all that says so: a copy would get one that fits."""
    grown(writer, disk, 100)
    space = writer.spaces()[0]
    for number in range(50):
        writer.forget(b"/p/%d" % number)
    vectors = next((library / "spaces").rglob("vectors.*"))
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(LibraryDamaged, match=r"vectors\.1\.f16 are damaged: run `search doctor --fix`"):
        writer.compact(space)
    writer.refresh_derived(space, exact_below=10**6)  # goes on without
    with open_reader(library) as reader:
        assert reader.generation(space).number == 1
    vectors.write_bytes(whole)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, StorageFull])
def test_a_copy_that_fails_gives_its_room_back(
    writer: LibraryWriter, worn: Disk, library: Path, failure: type[BaseException]
) -> None:
    before = hits(library)

    def fail(*_: object) -> None:
        raise failure

    with pytest.raises(failure):
        compaction.compact_space(writer.store, writer.spaces()[0], indexing=fail)
    assert [path.name for path in (library / "spaces").rglob("*.*")] == ["vectors.1.f16"]
    assert hits(library) == before


def found(library: Path) -> dict[bytes, np.ndarray]:
    """Every picture that can be found, with its vector."""
    with open_reader(library) as reader:
        space = reader.active_space()
        rows = list(reader.export_rows(space))
        vectors = reader.vectors(space, np.array([row.row for row in rows], np.int64))
        return {row.path: vector for row, vector in zip(rows, vectors, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kill_at_random_moments(seed: int, library: Path) -> None:
    """Each writer is killed while it copies rows, builds indexes and writes columns; nothing but strays is left."""
    moments = random.Random(seed)
    for _ in range(4):
        library = library.with_name(f"{library.name}.")
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.db.compacting", library], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        assert run.stdout is not None
        assert run.stdout.readline() == "stored 0\n"
        time.sleep(moments.uniform(0.0, 1.5))
        run.kill()
        said, number = (run.communicate()[0].splitlines() or ["stored 0"])[-1].split()
        now, then = pictures_of(int(number)), pictures_of(int(number) + 1)
        with open_writer(library, command="index") as writer:
            assert check_library(library) == []
            held = found(library)
            if said == "stored":  # an optimization was under way
                assert held.keys() == now
            assert now & then <= held.keys() <= now | then
            for path, vector in held.items():
                assert vector == pytest.approx(unit(b"fake:" + path), abs=1e-3)
            space = writer.spaces()[0]
            writer.optimize(space, exact_below=EXACT_BELOW)
            assert writer.generation(space).live_rows == writer.generation(space).committed_rows == len(held)
        assert found(library).keys() == held.keys()
