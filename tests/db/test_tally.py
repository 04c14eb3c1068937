"""The number of pictures and files that is kept is never wrong: whatever happens it is what counting finds, or counted."""

import sqlite3
from pathlib import Path

import pytest

from core.errors import ProblemKind
from db import LibraryWriter, check_library, open_reader, open_writer
from db.connect import DATABASE, transaction
from db.records import FileState, FindingCode, ImportedRow
from db.repair import fix_library
from db.tally import Tally, count_all, kept_tally, tally
from tests.db.making import Disk, index, unit


def kept(library: Path) -> Tally:
    """As a reader sees it, and as it is."""
    with open_reader(library) as reader:
        found = kept_tally(reader._store.conn)
        assert found == count_all(reader._store.conn)
    assert found is not None
    return found


def some(pictures: int, **files: int) -> Tally:
    return Tally(pictures, dict.fromkeys(FileState, 0) | {FileState(state): number for state, number in files.items()})


def test_it_is_kept_through_all_that_happens(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(40):
        disk.put(b"/p/%d/%d" % (number % 4, number), f"content {number % 30}")
    disk.broken[b"/p/1/5"] = ProblemKind.BROKEN
    index(writer, disk, b"/p")
    assert kept(library) == some(30, present=39, problem=1)
    index(writer, Disk(), b"/p", reachable=False)
    assert kept(library) == some(30, offline=39, problem=1)
    del disk.files[b"/p/3/39"], disk.files[b"/p/3/27"]
    index(writer, disk, b"/p")
    assert kept(library) == some(29, present=37, problem=1, missing=2)
    index(writer, disk, b"/p", prune=True)
    assert kept(library) == some(29, present=37, problem=1)
    writer.forget(b"/p/1")
    assert kept(library).files[FileState.FORGOTTEN] == 10
    writer.unforget(b"/p/1")
    index(writer, disk, b"/p")
    writer.import_rows(writer.spaces()[0], [ImportedRow(b"/other/1", unit("other"))])
    assert kept(library) == some(30, present=37, offline=1, problem=1)
    writer.start_run("captions import")
    disk.put(b"/p/new")
    index(writer, disk, b"/p")
    assert kept(library) == some(31, present=38, offline=1, problem=1)


def test_what_is_rolled_back_does_not_count(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/1")
    index(writer, disk, b"/p")

    def give_up() -> None:
        with transaction(writer.store) as conn:
            conn.exec_driver_sql("UPDATE asset SET live = 0")
            conn.exec_driver_sql("UPDATE file SET state = 'missing'")
            conn.exec_driver_sql("INSERT INTO asset (live) VALUES (1), (1)")
            assert tally(conn) == some(2, missing=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        give_up()
    assert kept(library) == some(1, present=1)


@pytest.mark.parametrize("and_then", ["read", "written"])
def test_another_version_that_keeps_nothing_is_found_out(library: Path, disk: Disk, and_then: str) -> None:
    disk.put(b"/p/1")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    with sqlite3.connect(library / DATABASE) as other:
        other.execute("INSERT INTO run (pid, host, command, started_at) VALUES (1, 'here', 'index', 0)")
        other.execute("INSERT INTO asset (live) VALUES (1), (0), (1)")
    other.close()
    with open_reader(library) as reader:
        assert kept_tally(reader._store.conn) is None
        assert reader.counts().pictures == 3
    assert FindingCode.COUNTS not in {finding.code for finding in check_library(library)}
    if and_then == "written":
        open_writer(library, command="index").close()
        assert kept(library) == some(3, present=1)


def test_a_wrong_number_is_found_and_mended(library: Path, disk: Disk) -> None:
    disk.put(b"/p/1")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    with sqlite3.connect(library / DATABASE) as other:
        other.execute("UPDATE meta SET value = 7 WHERE key = 'tally_pictures'")
    other.close()
    (finding,) = check_library(library)
    assert finding.code is FindingCode.COUNTS
    with open_writer(library, command="doctor") as writer:
        assert fix_library(writer, [finding]) == [finding]
    assert check_library(library) == []
    assert kept(library) == some(1, present=1)
