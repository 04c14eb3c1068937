"""When the index and the columns are written, and that no answer ever depends on them (invariants 2 and 3)."""

from pathlib import Path

import numpy as np
import pytest

from db import LibraryWriter, check_library, open_reader, open_writer
from tests.db.making import DIM, Disk, index, unit


def grow(writer: LibraryWriter, disk: Disk, start: int, end: int) -> None:
    for number in range(start, end):
        disk.put(b"/p/%d/%d" % (number % 7, number))
    index(writer, disk, b"/p", batch=200)


def best(library: Path, query: np.ndarray, k: int = 10) -> list[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        return [p.path for p in reader.pictures(space, reader.search(space, query, k).rows)]


def notices(library: Path) -> tuple[str, ...]:
    with open_reader(library) as reader:
        reader.search(reader.active_space(), unit("anything"), 3)
        return reader.notices()


def record(library: Path):
    with open_reader(library) as reader:
        return reader.generation(reader.active_space()).index


def test_no_index_below_the_threshold(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 100)
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=101)
    assert record(library) is None
    told = []
    writer.refresh_derived(space, exact_below=100, on_progress=told.append)
    built = record(library)
    assert built is not None
    assert built.built_rows == 100
    assert {progress.stage for progress in told} == {"finish"}


def test_pictures_are_found_before_the_index_knows_them(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 300)
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=0)
    disk.put(b"/p/new")
    del disk.files[b"/p/3/3"]
    index(writer, disk, b"/p")
    assert record(library).built_rows == 300
    assert best(library, unit("fake:/p/new"), 1) == [b"/p/new"]
    assert best(library, unit("fake:/p/3/3"), 1) != [b"/p/3/3"]  # masked, never removed from the index
    writer.refresh_derived(space, exact_below=0)
    assert record(library).built_rows == 300  # too little changed
    writer.refresh_derived(space, exact_below=0, force=True)
    assert record(library).built_rows == 301
    assert len(list((library / "spaces").rglob("index.*"))) == 1


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_a_damaged_index_is_bypassed_with_one_notice_and_built_again(
    writer: LibraryWriter, disk: Disk, library: Path, damage: str
) -> None:
    grow(writer, disk, 0, 300)
    queries = [unit(f"query {number}") for number in range(20)]
    exact = [best(library, query) for query in queries]
    writer.refresh_derived(writer.spaces()[0], exact_below=0)
    assert notices(library) == ()
    file = next((library / "spaces").rglob("index.*"))
    whole = file.read_bytes()
    if damage == "delete":
        file.unlink()
    elif damage == "truncate":
        file.write_bytes(whole[: len(whole) // 2])
    else:
        middle = len(whole) // 2
        file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    (notice,) = notices(library)
    assert "slower" in notice
    assert [best(library, query) for query in queries] == exact
    writer.refresh_derived(writer.spaces()[0], exact_below=0)
    assert notices(library) == ()


def test_columns_are_written_when_due(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.derived._TAIL_ROWS", 20)
    monkeypatch.setattr("db.derived._DIRTY_ROWS", 5)

    def covered() -> int:
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6)
        with open_reader(library) as reader:
            return reader.generation(reader.active_space()).columns_rows

    grow(writer, disk, 0, 20)
    assert covered() == 0
    grow(writer, disk, 20, 21)
    assert covered() == 21
    grow(writer, disk, 21, 41)
    assert covered() == 21  # twenty rows of tail are read from SQL
    grow(writer, disk, 41, 42)
    assert covered() == 42
    for number in range(6):
        disk.sidecars[b"/p/%d/%d" % (number % 7, number)] = b"changed"
    index(writer, disk, b"/p")
    assert writer.store.conn.exec_driver_sql("SELECT count(*) FROM dirty_asset").scalar_one() == 6
    assert covered() == 42
    assert writer.store.conn.exec_driver_sql("SELECT count(*) FROM dirty_asset").scalar_one() == 0


def test_a_killed_build_leaves_only_strays(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    grow(writer, disk, 0, 100)
    folder = next((library / "spaces").rglob("vectors.*")).parent
    for name in ("index.1.faiss.tmp", "index.7.faiss", "columns.1.npy.tmp", "columns.9.npy", "vectors.2.f16"):
        (folder / name).write_bytes(b"half")
    (folder / "somebody's notes.txt").touch()
    assert best(library, unit("fake:/p/3/3"), 1) == [b"/p/3/3"]
    writer.close()
    (finding,) = check_library(library)
    assert (finding.code, len(finding.files)) == ("stray_files", 5)
    with open_writer(library, command="index"):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["somebody's notes.txt", "vectors.1.f16"]
    assert next(folder.glob("vectors.*")).stat().st_size == 4096 + 100 * DIM * 2
