"""What the owner forgot stays forgotten, wherever it turns up."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import UsageError
from core.pictures import Caption, CaptionSource
from db import LibraryWriter, open_reader
from db.records import CommitCounts
from tests.db.making import FACTS, Disk, content, index, unit
from tests.db.test_settle import findable

SECRET = replace(
    FACTS,
    camera="Secret Camera",
    lens="Secret Lens",
    latitude=12.25,
    longitude=13.5,
    captions=(Caption("a secret caption", CaptionSource.EXIF),),
)


@pytest.fixture
def files(writer: LibraryWriter, disk: Disk) -> Disk:
    """Two pictures in /p/dir, one of them with a copy outside; two others."""
    for path in (b"/p/dir/a", b"/p/dir/b", b"/p/dirt", b"/p/other"):
        disk.put(path)
    disk.put(b"/p/copy of b", "/p/dir/b")
    disk.facts["/p/dir/a"] = SECRET
    index(writer, disk, b"/p")
    return disk


def test_a_folder_is_forgotten_for_good(writer: LibraryWriter, files: Disk, library: Path) -> None:
    left = {b"/p/dirt", b"/p/other", b"/p/copy of b"}
    assert writer.forget(b"/p/dir") == 2
    assert findable(library) == left
    with open_reader(library) as reader:
        space = reader.active_space()
        assert reader.search(space, unit("fake:/p/dir/a"), 9).scores.max() < 0.99
        assert (reader.counts(space).forgotten, reader.counts(space).pictures) == (2, 3)
    files.put(b"/p/dir/new")
    files.put(b"/p/dir/b", "edited")
    files.move(b"/p/dir/a", b"/p/elsewhere")
    counts, settled = index(writer, files, b"/p")
    assert counts == CommitCounts(ignored=1)  # the moved one, known by its content
    assert (settled.removed, settled.notices) == (0, ())
    assert findable(library) == left
    assert index(writer, files, b"/p")[0] == CommitCounts()


def test_nothing_of_it_is_left(writer: LibraryWriter, files: Disk, library: Path) -> None:
    thumbnails = library / "thumbnails" / content("/p/dir/a").hex()[:2]
    thumbnails.mkdir(parents=True)
    (thumbnails / f"{content('/p/dir/a').hex()}-256.webp").touch()
    (thumbnails / "another.webp").touch()
    writer.forget(b"/p/dir/a")
    assert [path.name for path in thumbnails.iterdir()] == ["another.webp"]
    for file in library.glob("library.sqlite3*"):
        for word in (b"secret caption", b"Secret Camera", b"Secret Lens"):
            assert word not in file.read_bytes(), file.name
    for table in ("caption", "camera", "lens"):
        assert writer.store.conn.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0


def test_copies_of_the_database_from_before_a_migration_go_with_it(
    writer: LibraryWriter, files: Disk, library: Path
) -> None:
    backup = library / "library.sqlite3.backup-0001"
    backup.write_bytes(b"a secret caption")
    writer.forget(b"/p/dir/a")
    assert not backup.exists()
    assert (library / "library.sqlite3").exists()


def test_a_copy_elsewhere_is_not_forgotten(writer: LibraryWriter, files: Disk, library: Path) -> None:
    writer.forget(b"/p/dir")
    files.put(b"/p/second copy of b", "/p/dir/b")
    assert index(writer, files, b"/p")[0] == CommitCounts(added=1)
    assert b"/p/copy of b" in findable(library)
    # until the last one is forgotten, too
    assert writer.forget(b"/p/copy of b") == 1
    assert writer.forget(b"/p/second copy of b") == 1
    files.put(b"/p/third copy of b", "/p/dir/b")
    assert index(writer, files, b"/p")[0] == CommitCounts(ignored=1)


def test_it_can_be_taken_back(writer: LibraryWriter, files: Disk, library: Path) -> None:
    everything = findable(library)
    writer.forget(b"/p/dir")
    writer.forget(b"/p/other")
    with pytest.raises(UsageError, match="/p/dir, which is forgotten"):
        writer.unforget(b"/p/dir/a")
    assert writer.unforget(b"/p/dir") == 2
    assert index(writer, files, b"/p")[0] == CommitCounts(added=2, embedded=1)  # b's vector was never dropped
    assert findable(library) == everything - {b"/p/other"}
    assert writer.unforget(b"/p") == 1
    assert index(writer, files, b"/p")[0] == CommitCounts(added=1, embedded=1)
    assert findable(library) == everything
    assert writer.unforget(b"/p") == 0


def test_taking_back_finds_what_moved_meanwhile(writer: LibraryWriter, files: Disk, library: Path) -> None:
    writer.forget(b"/p/dir/a")
    files.move(b"/p/dir/a", b"/p/moved")
    assert index(writer, files, b"/p")[0].ignored == 1
    assert writer.unforget(b"/p/moved") == 1  # by its new name
    assert index(writer, files, b"/p")[0].added == 1
    assert b"/p/moved" in findable(library)


def test_a_path_that_is_not_known_yet(writer: LibraryWriter, files: Disk, library: Path) -> None:
    assert writer.forget(b"/p/later") == 0
    files.put(b"/p/later/x")
    assert index(writer, files, b"/p")[0] == CommitCounts()
    assert not any(path.startswith(b"/p/later") for path in findable(library))


def test_the_vectors_go_with_the_next_compaction(writer: LibraryWriter, files: Disk, library: Path) -> None:
    writer.forget(b"/p/dir/a")
    secret = unit("fake:/p/dir/a").astype("<f2").tobytes()
    file = next((library / "spaces").rglob("vectors.*"))
    assert secret in file.read_bytes()
    assert writer.compact(writer.spaces()[0]) == 1
    assert [secret in path.read_bytes() for path in (library / "spaces").rglob("vectors.*")] == [False]


def test_everything_below_the_root_of_the_file_system(writer: LibraryWriter, files: Disk, library: Path) -> None:
    assert writer.forget(os.fsencode("/")) == 5
    assert findable(library) == set()


def test_what_is_forgotten_for_its_content_only_is_read_again_when_it_changes(
    writer: LibraryWriter, files: Disk, library: Path
) -> None:
    writer.forget(b"/p/dir/a")
    files.put(b"/p/a copy", "/p/dir/a")
    assert index(writer, files, b"/p")[0] == CommitCounts(ignored=1)
    files.put(b"/p/a copy", "/p/dir/a")  # touched: the same content
    assert index(writer, files, b"/p")[0] == CommitCounts(ignored=1)
    assert b"/p/a copy" not in findable(library)
    files.put(b"/p/a copy", "another picture")
    files.put(b"/p/dir/a", "another one, too")  # this place is forgotten, whatever lies there
    assert index(writer, files, b"/p")[0] == CommitCounts(added=1, embedded=1)
    assert b"/p/a copy" in findable(library)
    assert b"/p/dir/a" not in findable(library)
    assert index(writer, files, b"/p")[0] == CommitCounts()
    assert writer.unforget(b"/p/dir/a") == 1
    assert b"/p/a copy" in findable(library)
