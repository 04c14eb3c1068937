"""Invariant 7: the owner's pictures are never forgotten by accident."""

from pathlib import Path

import pytest

from core.errors import ProblemKind
from db import LibraryWriter, open_reader
from db.records import CommitCounts, RootScan, ScanEntry
from tests.db.making import Disk, index, model


def findable(library: Path) -> set[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        rows = range(reader.generation(space).committed_rows)
        return {path for p in reader.pictures(space, rows) for path in (p.path, *p.other_paths)}


def offline(library: Path) -> set[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        return {p.path for p in reader.pictures(space, range(99)) if p.offline}


@pytest.fixture
def twenty(writer: LibraryWriter, disk: Disk) -> list[bytes]:
    """A root of twenty files."""
    names = [b"/p/%02d.jpg" % number for number in range(20)]
    for name in names:
        disk.put(name)
    index(writer, disk, b"/p")
    return names


def test_what_vanishes_from_a_healthy_root_is_hidden_and_kept(
    writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]
) -> None:
    kept = {name: disk.files.pop(name) for name in twenty[:2]}  # a tenth is not more than a tenth
    _, settled = index(writer, disk, b"/p")
    assert (settled.removed, settled.offline, settled.notices) == (2, 0, ())
    assert findable(library) == set(twenty[2:])
    assert index(writer, disk, b"/p")[1].removed == 0  # counted once
    with open_reader(library) as reader:
        assert (reader.counts().missing, reader.roots()[0].online) == (2, True)
        space = reader.active_space()
        assert reader.rows_at_path(space, twenty[0]).tolist() == []
    # they come back without being embedded again
    disk.files |= kept
    counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts()
    assert findable(library) == set(twenty)


@pytest.mark.parametrize("how", ["unreachable", "empty", "many lost", "other device"])
def test_a_root_that_is_not_all_there_goes_offline(
    writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes], how: str
) -> None:
    everything = dict(disk.files)
    gone = {"unreachable": 20, "empty": 20, "many lost": 3, "other device": 1}[how]
    for name in twenty[:gone]:
        del disk.files[name]
    options = {"unreachable": {"reachable": False}, "other device": {"device": 2}}.get(how, {})
    for _ in range(2):  # however often it is looked at
        _, settled = index(writer, disk, b"/p", **options)
        assert (settled.removed, settled.offline) == (0, gone)
        assert findable(library) == set(twenty)
        assert offline(library) == set(twenty[:gone])
        (notice,) = settled.notices
        assert notice.startswith("/p is offline (")
        assert "stay findable" in notice
        with open_reader(library) as reader:
            (root,) = reader.roots()
            assert (root.online, root.device) == (False, 1)
            assert root.offline_reason is not None
            assert root.files == 20
    disk.files = everything
    counts, settled = index(writer, disk, b"/p")
    assert counts == CommitCounts()
    assert (settled.offline, settled.notices, offline(library)) == (0, (), set())
    with open_reader(library) as reader:
        assert reader.roots()[0].online


def test_only_prune_removes(writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]) -> None:
    del disk.files[twenty[0]]
    index(writer, disk, b"/p")  # hidden
    for name in twenty[1:8]:
        del disk.files[name]
    index(writer, disk, b"/p")  # offline
    _, settled = index(writer, disk, b"/p", prune=True)
    assert (settled.removed, settled.offline) == (8, 0)
    assert findable(library) == set(twenty[8:])
    conn = writer.store.conn
    for table in ("file", "asset", "file_asset", "vector_row"):
        assert conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 12
    with open_reader(library) as reader:
        assert reader.roots()[0].online


def test_prune_also_where_the_root_is_unreachable(
    writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]
) -> None:
    disk.files = {}
    _, settled = index(writer, disk, b"/p", reachable=False, prune=True)
    assert settled.removed == 20
    assert findable(library) == set()
    with open_reader(library) as reader:
        assert not reader.roots()[0].online


def test_prune_keeps_what_is_there(writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]) -> None:
    disk.put(twenty[0], "edited")
    index(writer, disk, b"/p")
    assert index(writer, disk, b"/p", prune=True)[1].removed == 0
    assert findable(library) == set(twenty)
    # only the content of before the edit is gone for good
    assert writer.store.conn.exec_driver_sql("SELECT count(*) FROM asset").scalar_one() == 20


def test_a_new_device_with_everything_on_it_is_welcome(
    writer: LibraryWriter, disk: Disk, twenty: list[bytes], library: Path
) -> None:
    _, settled = index(writer, disk, b"/p", device=2)
    assert settled.notices == ()
    with open_reader(library) as reader:
        assert (reader.roots()[0].device, reader.roots()[0].online) == (2, True)


def test_another_disk_in_the_same_place(writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]) -> None:
    """Its pictures come in, those of the first one stay findable."""
    disk.files = {}
    disk.put(b"/p/other.jpg")
    counts, settled = index(writer, disk, b"/p", device=2)
    assert (counts.added, settled.removed, settled.offline) == (1, 0, 20)
    assert "another device" in settled.notices[0]
    assert findable(library) == {*twenty, b"/p/other.jpg"}


def test_a_folder_is_judged_alone(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(10):
        disk.put(b"/p/a/%d" % number)
        disk.put(b"/p/b/%d" % number)
        disk.put(b"/p/ab/%d" % number)
    index(writer, disk, b"/p")
    everything = set(disk.files)
    for path in (b"/p/a/0", b"/p/ab/0", b"/p/b/0"):
        del disk.files[path]
    _, settled = index(writer, disk, b"/p/a")
    assert settled.removed == 1
    assert findable(library) == everything - {b"/p/a/0"}
    for number in range(1, 5):
        del disk.files[b"/p/b/%d" % number]
    _, settled = index(writer, disk, b"/p/b")
    assert (settled.removed, settled.offline) == (0, 5)
    assert settled.notices[0].startswith("/p/b is offline (5 of its 10 files")
    assert findable(library) == everything - {b"/p/a/0"}
    with open_reader(library) as reader:
        assert [(root.path, root.online) for root in reader.roots()] == [(b"/p", True)]


def test_a_missing_folder_loses_nothing(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(5):
        disk.put(b"/p/a/%d" % number)
        disk.put(b"/p/b/%d" % number)
    index(writer, disk, b"/p")
    root = writer.remember_root(b"/p")
    writer.stage(root, [], subtree=b"/p/a")
    writer.plan([writer.use_space(model()).id])
    settled = writer.settle([RootScan(root.id, reachable=False, reason="no such folder", subtree=b"/p/a")])
    assert (settled.offline, settled.removed) == (5, 0)
    assert findable(library) == set(disk.files)


def test_one_root_never_judges_another(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(10):
        disk.put(b"/p/%d" % number)
        disk.put(b"/q/%d" % number)
    index(writer, disk, b"/p", b"/q")
    known = set(disk.files)
    disk.files = {path: value for path, value in disk.files.items() if path.startswith(b"/q")}
    assert index(writer, disk, b"/q")[1].removed == 0
    assert findable(library) == known


def test_a_copy_keeps_the_picture(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(10):
        disk.put(b"/p/%d" % number)
        disk.put(b"/q/%d" % number, f"/p/{number}")
    index(writer, disk, b"/p", b"/q")
    del disk.files[b"/p/3"]
    index(writer, disk, b"/p", b"/q")
    with open_reader(library) as reader:
        space = reader.active_space()
        (picture,) = reader.pictures(space, reader.rows_at_path(space, b"/q/3"))
        assert (picture.path, picture.other_paths) == (b"/q/3", ())
        assert reader.counts(space).pictures == 10


def test_files_out_of_reach_come_last(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a", "the same")
    disk.put(b"/much/longer/path", "the same")
    index(writer, disk, b"/p", b"/much")
    del disk.files[b"/p/a"]
    index(writer, disk, b"/p", reachable=False)
    with open_reader(library) as reader:
        (picture,) = reader.pictures(reader.active_space(), [0])
        assert (picture.path, picture.other_paths, picture.offline) == (b"/much/longer/path", (b"/p/a",), False)


def test_problems_that_vanish_are_no_news(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(20):
        disk.put(b"/p/%d" % number)
    disk.broken[b"/p/3"] = ProblemKind.TRUNCATED
    index(writer, disk, b"/p")
    del disk.files[b"/p/3"]
    _, settled = index(writer, disk, b"/p")
    assert settled.removed == 0
    with open_reader(library) as reader:
        assert reader.problems() == []


def test_a_root_above_takes_over(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for path in (b"/p/a/1", b"/p/b/1", b"/pa/1"):
        disk.put(path)
    index(writer, disk, b"/p/a", b"/pa")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        assert [(root.path, root.files) for root in reader.roots()] == [(b"/p", 2), (b"/pa", 1)]
    # and inside of it no root is made
    assert writer.remember_root(b"/p/a").path == b"/p"
    assert writer.remember_root(b"/").path == b"/"
    assert [root.path for root in writer.roots()] == [b"/"]


def test_a_placeholder_is_as_good_as_its_file(
    writer: LibraryWriter, disk: Disk, library: Path, twenty: list[bytes]
) -> None:
    root = writer.remember_root(b"/p")
    writer.stage(root, [ScanEntry(name, 0, 1, b"", online_only=True) for name in twenty])
    counts = writer.plan([writer.use_space(model()).id])
    settled = writer.settle([RootScan(root.id, reachable=True, device=1)])
    assert (counts.waiting, settled.removed, settled.offline) == (0, 0, 0)
    assert findable(library) == set(twenty)
