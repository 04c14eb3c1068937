"""What finding duplicates asks of the library: fingerprints of the living, and their files."""

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.pictures import TakenAt, TakenSource
from db import LibraryWriter, open_reader
from db.records import ImportedRow
from tests.db.making import FACTS, Disk, content, index, model, unit
from tests.db.test_query_plans import watched

MOMENT = datetime.fromisoformat("2020-05-04T03:02:01")
HIGH = (1 << 64) - 2  # a hash with its highest bit set: SQLite keeps it as a negative number


def many(disk: Disk) -> int:
    """Further pictures without fingerprints: where one of a few goes, the whole root counts as offline."""
    for number in range(30):
        disk.put(b"/p/other %d" % number)
    return 30


def test_prints_are_those_of_the_pictures_that_live_and_were_read(
    writer: LibraryWriter, disk: Disk, library: Path
) -> None:
    guessed = TakenAt(MOMENT, None, TakenSource.FILE)
    disk.facts = {
        "one": replace(FACTS, phash=HIGH, width=800),
        "two": replace(FACTS, phash=7, taken=guessed),
        "flat": replace(FACTS, phash=None),
        "gone": replace(FACTS, phash=9),
    }
    for name in disk.facts:
        disk.put(f"/p/{name}".encode(), name)
    others = many(disk)
    index(writer, disk, b"/p")
    del disk.files[b"/p/gone"]
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        space = reader.active_space()
        prints = reader.prints(space)
        assert reader.prints(space) is prints
        assert sorted(prints.hashes.tolist()) == [7, HIGH]
        assert reader.counts(space).missing == 1
        assert reader.counts(space).pictures == others + 3
        seconds = (MOMENT - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - wall clock
        by_hash = {
            value: (aspect, second)
            for value, aspect, second in zip(prints.hashes.tolist(), prints.aspects, prints.seconds, strict=True)
        }
        assert by_hash[HIGH] == (800 / 300, seconds)
        assert by_hash[7][0] == 400 / 300
        assert math.isnan(by_hash[7][1])  # guessed from the file: no camera said so
        named = {p.image_id: p.row for p in reader.pictures(space, prints.rows)}
        assert [named[image] for image in prints.images.tolist()] == prints.rows.tolist()


def test_a_library_without_fingerprints_has_no_prints(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a", "a")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        prints = reader.prints(reader.active_space())
        assert (len(prints), prints.hashes.dtype) == (0, np.dtype(np.uint64))


def test_several_files_count_while_they_can_be_found(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for path, text in ((b"/p/a1", "a"), (b"/p/a2", "a"), (b"/p/b1", "b"), (b"/p/b2", "b"), (b"/p/c", "c")):
        disk.put(path, text)
    many(disk)
    index(writer, disk, b"/p")
    del disk.files[b"/p/b2"]
    index(writer, disk, b"/p")  # hidden, not forgotten: its row is still there
    with open_reader(library) as reader:
        (image,) = reader.images_with_several_files().tolist()
        files = reader.recorded_files([image, 10**9])
        assert [file.path for file in files[image]] == [b"/p/a1", b"/p/a2"]
        assert list(files) == [image]


def test_a_file_as_it_was_recorded(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.facts = {"one": replace(FACTS, camera="Canon EOS 40D", latitude=1.0, longitude=2.0)}
    disk.put(b"/p/one.jpg", "one")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        image = reader.images_at(b"/p/one.jpg")[0]
        (file,) = reader.recorded_files([image])[image]
    assert (file.image_id, file.path, file.offline, file.size_bytes) == (image, b"/p/one.jpg", False, 3)
    assert (file.mtime_ns, file.content_hash) == (disk.files[b"/p/one.jpg"][1], content("one"))
    assert (file.format, file.width, file.height) == ("jpeg", 400, 300)
    assert (file.taken, file.camera, file.has_place) == (FACTS.taken, "Canon EOS 40D", True)


@pytest.mark.parametrize("analysed", [False, True])
def test_files_of_a_few_pictures_walk_no_table(
    writer: LibraryWriter, disk: Disk, library: Path, *, analysed: bool
) -> None:
    for number in range(200):
        disk.put(b"/p/%d/%d" % (number % 5, number), f"content {number % 150}")
    index(writer, disk, b"/p", batch=200)
    if analysed:
        writer.store.conn.exec_driver_sql("ANALYZE")
    with open_reader(library) as reader:
        with watched(reader._store.conn) as walked:
            assert len(reader.recorded_files([3, 4, 120])) == 3
        assert walked == {}


def test_files_of_a_drive_that_is_away_are_offline(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for name in (b"/p/a", b"/p/b"):
        disk.put(name, "the same")
    index(writer, disk, b"/p")
    disk.files.clear()
    index(writer, disk, b"/p", reachable=False)
    with open_reader(library) as reader:
        images = reader.images_with_several_files().tolist()
        assert [file.offline for file in reader.recorded_files(images)[images[0]]] == [True, True]


def test_pictures_that_were_never_read_have_files_without_facts(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_space(model())
    writer.import_rows(space, [ImportedRow(b"/far/a.jpg", unit("a"))])
    with open_reader(library) as reader:
        image = reader.images_at(b"/far/a.jpg")[0]
        (file,) = reader.recorded_files([image])[image]
        assert len(reader.prints(reader.active_space())) == 0
    assert (file.format, file.width, file.taken, file.size_bytes, file.content_hash) == (None, 0, None, None, None)
