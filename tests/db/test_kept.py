"""Readers that are kept open between questions: never another answer than a reader opened just now would give."""

import shutil
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from core.errors import LibraryDamaged, LibraryNotFound, UsageError
from core.queries import Filters
from db import KeptReaders, LibraryReader, LibraryWriter, open_writer
from tests.db.making import Disk, index, unit


def paths(reader: LibraryReader, filters: Filters | None = None) -> set[bytes]:
    space = reader.active_space()
    mask, _ = reader.allowed_rows(space, filters or Filters())
    found = reader.search(space, unit("fake:/p/7"), 1000, mask)
    return {picture.path for picture in reader.pictures(space, found.rows)}


@pytest.fixture
def full(writer: LibraryWriter, disk: Disk) -> Disk:
    for number in range(100):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p", batch=50)
    return disk


def test_nothing_is_opened_twice_while_nobody_writes(full: Disk, library: Path) -> None:
    kept = KeptReaders(library)
    with kept.reader() as first:
        assert paths(first) == set(full.files)
    with kept.reader() as second:
        assert second is first
        assert paths(second) == set(full.files)
    with pytest.raises(UsageError), kept.reader() as third:
        paths(third, Filters(tags=("nowhere",)))
    with kept.reader() as fourth:
        assert fourth is third is first
    kept.close()
    with kept.reader() as fifth:
        assert fifth is not first
    kept.close()


def test_what_is_written_between_two_questions_is_seen(writer: LibraryWriter, full: Disk, library: Path) -> None:
    kept, below = KeptReaders(library), Filters(folders=(b"/p",))
    with kept.reader() as reader:
        assert paths(reader, below) == set(full.files)
    full.put(b"/p/new")
    index(writer, full, b"/p")
    with kept.reader() as reader:
        assert paths(reader) == paths(reader, below) == set(full.files)
    del full.files[b"/p/7"]
    index(writer, full, b"/p")
    with kept.reader() as reader:
        assert paths(reader) == paths(reader, below) == set(full.files)
        assert reader.counts(reader.active_space()).indexed == 100
    kept.close()


def test_tags_come_and_go(writer: LibraryWriter, full: Disk, library: Path) -> None:
    kept, tagged = KeptReaders(library), Filters(tags=("dog",))
    with kept.reader() as reader:
        images = reader.images_at(b"/p/7") + reader.images_at(b"/p/8")
    for given in (images[:1], images[1:]):
        writer.add_tags(given, ["dog"])
        with kept.reader() as reader:
            assert len(paths(reader, tagged)) == images.index(given[0]) + 1
    writer.remove_tags(names=["dog"], images=images[:1])
    with kept.reader() as reader:
        assert paths(reader, tagged) == {b"/p/8"}
    kept.close()


def test_an_index_that_is_still_the_same_is_not_read_again(writer: LibraryWriter, full: Disk, library: Path) -> None:
    space, kept = writer.spaces()[0], KeptReaders(library)
    writer.refresh_derived(space, exact_below=0)
    file = next((library / "spaces").rglob("index.*"))
    whole = file.read_bytes()
    with kept.reader() as reader:
        reader.search(space, unit("fake:/p/7"), 1)
        assert reader.notices() == ()
    file.unlink()  # who has it open goes on; whoever opens it now finds it damaged
    file.write_bytes(b"")
    writer.add_tags([1], ["dog"])
    with kept.reader() as reader:
        found = reader.search(space, unit("fake:/p/7"), 1)
        assert [picture.path for picture in reader.pictures(space, found.rows)] == [b"/p/7"]
        assert reader.notices() == ()
    with KeptReaders(library).reader() as reader:
        reader.search(space, unit("fake:/p/7"), 1)
        assert "is damaged" in reader.notices()[0]
    file.write_bytes(whole)
    writer.refresh_derived(space, exact_below=0, force=True)
    with kept.reader() as reader:
        assert paths(reader) == set(full.files)
    kept.close()


def test_an_index_cut_short_while_it_is_open_is_let_go(writer: LibraryWriter, full: Disk, library: Path) -> None:
    space, kept = writer.spaces()[0], KeptReaders(library)
    writer.refresh_derived(space, exact_below=0)
    file = next((library / "spaces").rglob("index.*"))
    with kept.reader() as reader:
        reader.search(space, unit("fake:/p/7"), 1)
    file.write_bytes(b"")
    for _ in range(2):
        with kept.reader() as reader:
            found = reader.search(space, unit("fake:/p/7"), 1)
            assert [picture.path for picture in reader.pictures(space, found.rows)] == [b"/p/7"]
            assert "is damaged" in reader.notices()[0]
    writer.refresh_derived(space, exact_below=0, force=True)
    kept.close()


def test_a_compaction_between_two_questions(writer: LibraryWriter, full: Disk, library: Path) -> None:
    kept = KeptReaders(library)
    with kept.reader() as reader:
        assert paths(reader) == set(full.files)
    for number in range(50):
        del full.files[b"/p/%d" % number]
    for number in range(50):
        full.put(b"/p/1%03d" % number)
    index(writer, full, b"/p", prune=True, batch=50)
    assert writer.compact(writer.spaces()[0]) == 50
    with kept.reader() as reader:
        assert paths(reader) == set(full.files)
    kept.close()


def test_a_writer_folds_its_journal_in_meanwhile(library: Path, disk: Disk) -> None:
    disk.put(b"/p/1")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        kept = KeptReaders(library)
        with kept.reader() as reader:
            assert paths(reader) == {b"/p/1"}
        disk.put(b"/p/2")
        index(writer, disk, b"/p")
    assert (library / "library.sqlite3-wal").stat().st_size == 0
    with kept.reader() as reader:
        assert paths(reader) == {b"/p/1", b"/p/2"}
    kept.close()


def test_a_library_that_went_or_is_another_one(library: Path, disk: Disk, tmp_path: Path) -> None:
    for place, name in ((library, b"/p/1"), (tmp_path / "other", b"/p/2")):
        disk.files.clear()
        disk.put(name)
        with open_writer(place, command="index") as writer:
            index(writer, disk, b"/p")
    kept = KeptReaders(library)
    with kept.reader() as reader:
        assert paths(reader) == {b"/p/1"}
    shutil.move(library, tmp_path / "aside")
    with pytest.raises(LibraryNotFound), kept.reader():
        pass
    shutil.move(tmp_path / "other", library)
    with kept.reader() as reader:
        assert paths(reader) == {b"/p/2"}
    kept.close()


def test_rows_that_were_cut_off_are_damage_and_no_crash(library: Path, disk: Disk) -> None:
    disk.put(b"/p/1")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    kept = KeptReaders(library)
    with kept.reader() as reader:
        paths(reader)
    next((library / "spaces").rglob("vectors.*")).write_bytes(b"")
    with pytest.raises(LibraryDamaged, match="search doctor"), kept.reader():
        pass


def test_every_thread_has_its_own(full: Disk, library: Path) -> None:
    kept = KeptReaders(library)
    answers: list[set[bytes]] = []

    def ask() -> None:
        for _ in range(10):
            with kept.reader() as reader:
                answers.append(paths(reader))

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 30
    assert all(answer == set(full.files) for answer in answers)
    with kept.reader() as one, kept.reader() as other:
        assert one is not other
        assert np.array_equal(
            one.search(one.active_space(), unit("a"), 5).rows, other.search(other.active_space(), unit("a"), 5).rows
        )
    kept.close()
