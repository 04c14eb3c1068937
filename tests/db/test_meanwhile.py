"""A writer that changes the files of a library between a reader's snapshot and its first look at them."""

import threading
import time
import zlib
from pathlib import Path

import pytest
from filelock import FileLock

from core.errors import LibraryDamaged
from db import LibraryWriter, check_library, open_reader, open_writer
from db import doctor as doctoring
from db.columns import open_columns, read_columns
from db.connect import begin_snapshot, close, connect_reader
from db.snapshot import Snapshot
from tests.db.making import Disk, index, unit


@pytest.fixture
def worn(writer: LibraryWriter, disk: Disk) -> Disk:
    """Twenty pictures, five of them pruned: worth compacting."""
    for number in range(20):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    for number in range(5):
        del disk.files[b"/p/%d" % number]
    index(writer, disk, b"/p", prune=True)
    return disk


def test_a_compaction_after_the_snapshot_means_another_snapshot(
    writer: LibraryWriter, worn: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_rows, compacted = Snapshot.hold_rows, []

    def late(snapshot: Snapshot, **options: bool) -> None:
        if not compacted:
            compacted.append(writer.compact(writer.spaces()[0]))
        hold_rows(snapshot, **options)

    monkeypatch.setattr(Snapshot, "hold_rows", late)
    with open_reader(library) as reader:
        space = reader.active_space()
        found = reader.pictures(space, reader.search(space, unit("fake:/p/7"), 20).rows)
    assert compacted == [5]
    assert found[0].path == b"/p/7"
    assert {picture.path for picture in found} == set(worn.files)


def test_rows_that_are_really_gone_are_damage(indexed_once: Path) -> None:
    next((indexed_once / "spaces").rglob("vectors.*")).unlink()
    with pytest.raises(LibraryDamaged, match="search doctor"):
        open_reader(indexed_once)


@pytest.fixture
def indexed_once(library: Path, disk: Disk) -> Path:
    disk.put(b"/p/1")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    return library


def test_the_doctor_looks_again_where_a_writer_compacted(
    writer: LibraryWriter, worn: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_generation, compacted = doctoring.check_generation, []

    def late(*args: object, **options: object):
        if not compacted:
            compacted.append(writer.compact(writer.spaces()[0]))
        return check_generation(*args, **options)

    monkeypatch.setattr(doctoring, "check_generation", late)
    assert check_library(library) == []
    assert compacted == [5]


def test_columns_that_are_replaced_while_they_are_opened(
    writer: LibraryWriter, worn: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
    path = next((library / "spaces").rglob("columns.*"))
    crc32 = zlib.crc32

    def late(block: bytes, crc: int) -> int:
        path.with_name("fresh").write_bytes(bytes(len(block)))
        path.with_name("fresh").replace(path)
        return crc32(block, crc)

    store = connect_reader(library)
    begin_snapshot(store)
    monkeypatch.setattr(zlib, "crc32", late)
    generation = writer.generation(writer.spaces()[0])
    columns = open_columns(store, generation.id)
    close(store)
    assert columns is not None
    rows, expected = read_columns(writer.store.conn, generation.id, 0)
    assert columns["folder"][rows].tolist() == expected["folder"].tolist()
    assert set(path.read_bytes()) == {0}
    monkeypatch.undo()
    writer.refresh_derived(writer.spaces()[0], exact_below=10**6)  # the fixture asks the doctor


def test_whoever_only_asks_for_the_lock_turns_no_writer_away(indexed_once: Path) -> None:
    asking = FileLock(indexed_once / "lock", thread_local=False)
    asking.acquire()
    letting_go = threading.Thread(target=lambda: (time.sleep(0.05), asking.release()))
    letting_go.start()
    with open_writer(indexed_once, command="index"):
        pass
    letting_go.join()


def test_an_index_that_is_replaced_meanwhile_is_nothing_to_worry_about(
    writer: LibraryWriter, disk: Disk, library: Path
) -> None:
    for number in range(100):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    space = writer.spaces()[0]
    writer.refresh_derived(space, exact_below=0)
    with open_reader(library) as reader:
        writer.refresh_derived(space, exact_below=0, force=True)
        disk.put(b"/p/new")
        index(writer, disk, b"/p")
        writer.refresh_derived(space, exact_below=0, force=True)
        found = reader.search(reader.active_space(), unit("fake:/p/7"), 1)
        assert [picture.path for picture in reader.pictures(space, found.rows)] == [b"/p/7"]
        assert reader.notices() == ()
    next((library / "spaces").rglob("index.*")).write_bytes(b"")
    with open_reader(library) as reader:
        reader.search(reader.active_space(), unit("fake:/p/7"), 1)
        assert "is damaged" in reader.notices()[0]
    writer.refresh_derived(space, exact_below=0)
